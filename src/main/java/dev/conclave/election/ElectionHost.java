package dev.conclave.election;

import dev.conclave.election.work.LeaderVerticle;
import io.vertx.core.Future;

/** What an election does to the world besides asking its backend. */
interface ElectionHost extends LeaderVerticle.Host {
  /** Begins to answer for the election. */
  Future<Void> open(LeaderElection election);

  /** Ends everything that {@link #open} began. */
  Future<Void> close();

  /** Tells the bus. */
  void publish(LeadershipEvent event);
}
