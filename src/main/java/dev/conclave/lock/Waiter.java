package dev.conclave.lock;

import dev.conclave.backend.LeaseKey;
import dev.conclave.time.Scheduler;
import io.vertx.core.Promise;

/** One request for a lock, from its arrival to its one answer. */
final class Waiter {
  final LeaseKey key;
  final LockRequest request;
  final long arrivedAt;
  final Promise<LockGrant> promise = Promise.promise();
  Scheduler.Timer deadline = () -> {};

  Waiter(LockRequest request, long arrivedAt) {
    this.key = LeaseKey.lock(request.getName());
    this.request = request;
    this.arrivedAt = arrivedAt;
  }

  /** Whether the answer has been given. */
  boolean ended() {
    return promise.future().isComplete();
  }

  void grant(long fencingToken, long sentAt) {
    deadline.cancel();
    promise.tryComplete(
        new LockGrant()
            .setName(request.getName())
            .setToken(request.getToken())
            .setFencingToken(fencingToken)
            .setLeaseDuration(request.getLeaseDuration())
            .setWaited((sentAt - arrivedAt) / 1_000_000));
  }

  void fail(Throwable failure) {
    deadline.cancel();
    promise.tryFail(failure);
  }
}
