package dev.conclave.election;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Function;

/** What an election does to the world besides asking its backend. */
interface ElectionHost {
  /** Begins to answer for the election. */
  Future<Void> open(LeaderElection election);

  /** Ends everything that {@link #open} began. */
  Future<Void> close();

  /** Tells the bus. */
  void publish(LeadershipEvent event);

  /** Runs one leader-only verticle. The answer may come on any thread. */
  Future<Deployed> deploy(Child child);

  /**
   * A verticle that is to run on the leader only.
   *
   * @param label for people
   * @param deploy gives the deployment's id
   */
  record Child(String label, Function<Vertx, Future<String>> deploy) {}

  /** A leader-only verticle that runs. */
  interface Deployed {
    /** Completes when it has stopped, on any thread; never fails. */
    Future<Void> undeploy();
  }
}
