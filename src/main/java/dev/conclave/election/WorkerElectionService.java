package dev.conclave.election;

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
    return election.resign(Duration.ofMillis(cooldown));
  }
}
