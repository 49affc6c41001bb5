package dev.conclave.task;

import dev.conclave.backend.Watch;
import dev.conclave.election.LeaderElection;
import io.vertx.core.Future;

/** As much of an election as a task depends on. */
interface Leadership {
  /** The election's name. */
  String election();

  /** Whether this worker leads now. */
  boolean isLeader();

  /** The number of the leadership, or 0. */
  long fencingToken();

  /** Runs the action once when this worker leads, unless it is taken back before. */
  Watch onLeadership(Runnable action);

  /** Runs the action once when it does not, unless it is taken back before. */
  Watch onLoss(Runnable action);

  /** Asks a leader that steps down by its own will to wait for this future first. */
  void during(Future<Void> run);

  /** This worker's part in an election. */
  static Leadership of(LeaderElection election) {
    return new Leadership() {
      @Override
      public String election() {
        return election.election();
      }

      @Override
      public boolean isLeader() {
        return election.isLeader();
      }

      @Override
      public long fencingToken() {
        return election.fencingToken().orElse(0);
      }

      @Override
      public Watch onLeadership(Runnable action) {
        return election.onLeadership(action);
      }

      @Override
      public Watch onLoss(Runnable action) {
        return election.onLoss(action);
      }

      @Override
      public void during(Future<Void> run) {
        election.lead(() -> run);
      }
    };
  }
}
