package dev.conclave.election;

import dev.conclave.election.work.LeaderVerticle;
import io.vertx.core.Future;

/** The environment of an election: the event bus and the deployments. */
interface ElectionHost extends LeaderVerticle.Host {
  /** Begins to serve the election on the bus. */
  Future<Void> open(LeaderElection election);

  /** Ends everything that {@link #open} began. */
  Future<Void> close();

  /** Publishes the event on the bus. */
  void publish(LeadershipEvent event);
}
