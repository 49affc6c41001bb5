package dev.conclave.election;

import dev.conclave.bus.ServiceClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;

/** The generated proxy, with the failures of a worker in this process. */
final class RemoteElectionService implements LeaderElectionService {
  private final LeaderElectionService proxy;
  private final ServiceClient calls;

  RemoteElectionService(Vertx vertx, String address) {
    this.calls =
        new ServiceClient(
            "the worker on '" + address + "'",
            "no worker of an election listens on '"
                + address
                + "' within reach; a worker is reached from other nodes only with clusteredService"
                + " true");
    this.proxy =
        new LeaderElectionServiceVertxEBProxy(
            vertx, address, new DeliveryOptions().setSendTimeout(ANSWER_TIMEOUT));
  }

  @Override
  public Future<LeaderElectionStatus> status() {
    return calls.call(() -> proxy.status());
  }

  @Override
  public Future<Void> resign(long cooldown) {
    return calls.call(() -> proxy.resign(cooldown));
  }

  /** As {@link #resign}, with a failure of the caller's when no worker listens. */
  Future<Void> resignOr(long cooldown, Throwable noHandler) {
    return calls
        .raw(() -> proxy.resign(cooldown))
        .recover(
            failure ->
                Future.failedFuture(
                    ServiceClient.isUndelivered(failure) ? noHandler : calls.translated(failure)));
  }
}
