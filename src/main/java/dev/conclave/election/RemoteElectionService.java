package dev.conclave.election;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;

/** The generated proxy, made to fail as a worker in this process does. */
final class RemoteElectionService implements LeaderElectionService {
  private final String address;
  private final LeaderElectionService proxy;

  RemoteElectionService(Vertx vertx, String address) {
    this.address = address;
    this.proxy =
        new LeaderElectionServiceVertxEBProxy(
            vertx, address, new DeliveryOptions().setSendTimeout(ANSWER_TIMEOUT));
  }

  @Override
  public Future<LeaderElectionStatus> status() {
    return proxy.status().recover(this::translated);
  }

  @Override
  public Future<Void> resign(long cooldown) {
    return proxy.resign(cooldown).recover(this::translated);
  }

  /** As {@link #resign}, with the event bus' own failures. */
  Future<Void> resignOrFailAsTheBus(long cooldown) {
    return proxy.resign(cooldown);
  }

  private <T> Future<T> translated(Throwable failure) {
    if (ErrorCode.of(failure) != null) {
      return Future.failedFuture(failure);
    }
    return Future.failedFuture(
        ErrorCode.BACKEND_UNAVAILABLE.failure(
            isWithoutHandlers(failure)
                ? "no worker of an election listens on '"
                    + address
                    + "' within reach; a worker is reached from other nodes only with"
                    + " clusteredService true"
                : "the worker on '" + address + "' did not answer: " + failure.getMessage()));
  }

  static boolean isWithoutHandlers(Throwable failure) {
    return failure instanceof ReplyException reply
        && reply.failureType() == ReplyFailure.NO_HANDLERS;
  }
}
