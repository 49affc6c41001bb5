package dev.conclave.election;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.Future;
import java.time.Duration;

/** The service on a worker's own address. */
final class WorkerElectionService implements LeaderElectionService {
  private final LeaderElection election;

  WorkerElectionService(LeaderElection election) {
    this.election = election;
  }

  @Override
  public Future<LeaderElectionStatus> status() {
    return Future.succeededFuture(election.status());
  }

  @Override
  public Future<Void> resign(long cooldown) {
    return cooldown < 0
        ? Future.failedFuture(
            ErrorCode.INVALID.failure("cooldown " + cooldown + " must not be negative"))
        : election.resign(Duration.ofMillis(cooldown));
  }
}
