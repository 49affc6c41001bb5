package dev.conclave.task.guard;

import dev.conclave.backend.Watch;
import dev.conclave.election.LeaderElection;
import io.vertx.core.Future;

/** The part of an election that a task needs. */
public interface Leadership {
  /** The election's name. */
  String election();

  /** Whether this worker leads now. */
  boolean isLeader();

  /** The fencing token of the leadership, or 0. */
  long fencingToken();

  /** Runs the action once when this worker leads, unless it is removed before. */
  Watch onLeadership(Runnable action);

  /** Runs the action once when it does not lead, unless it is removed before. */
  Watch onLoss(Runnable action);

  /** Makes a leader that steps down on its own initiative wait for this future. */
  void during(Future<Void> run);

  /** The leadership of this worker in an election. */
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
