package dev.conclave.election;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** The service on the address that all workers of an election share: it forwards to the leader. */
final class SharedElectionService implements LeaderElectionService {
  private final Vertx vertx;
  private final LeaderElection election;

  SharedElectionService(Vertx vertx, LeaderElection election) {
    this.vertx = vertx;
    this.election = election;
  }

  @Override
  public Future<LeaderElectionStatus> status() {
    return election.status();
  }

  @Override
  public Future<Void> resign(long cooldown) {
    String leader = election.leader();
    if (cooldown < 0 || election.isLeader()) {
      return election.resign(cooldown);
    }
    if (leader == null) {
      return Future.failedFuture(
          ErrorCode.NOT_OWNER.failure("no worker leads election '" + election.election() + "'"));
    }
    String address = LeaderElectionService.workerAddress(election.election(), leader);
    return new RemoteElectionService(vertx, address).resignOr(cooldown, unreachable(leader));
  }

  private Throwable unreachable(String leader) {
    return ErrorCode.NOT_OWNER.failure(
        "worker '"
            + leader
            + "' leads election '"
            + election.election()
            + "' and cannot be reached over this event bus");
  }
}
