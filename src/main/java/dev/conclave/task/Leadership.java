package dev.conclave.task;

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

  /** Completes when this worker leads. */
  Future<Void> awaitLeadership();

  /** Completes when it does not. */
  Future<Void> awaitLoss();

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
      public Future<Void> awaitLeadership() {
        return election.awaitLeadership();
      }

      @Override
      public Future<Void> awaitLoss() {
        return election.awaitLoss();
      }

      @Override
      public void during(Future<Void> run) {
        election.lead(() -> run);
      }
    };
  }
}
