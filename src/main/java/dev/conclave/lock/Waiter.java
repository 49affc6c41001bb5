package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** One request for a lock, from its arrival to its completion. */
final class Waiter {
  private static final long MILLI = 1_000_000;

  final LeaseKey key;
  final LockRequest request;
  final long arrivedAt;

  /** Whether the caller knows the token before it is granted, so that it can withdraw the wait. */
  final boolean withdrawable;

  /**
   * Whether the token may hold the lock already, and another request may have it: as a retry, or as
   * the request that is retried.
   */
  final boolean mayHold;

  final Promise<LockGrant> promise = Promise.promise();
  Scheduler.Timer deadline = () -> {};

  /** Whether an attempt was sent. */
  boolean attempted;

  /** Whether an attempt since the last refusal may have acquired a lease. */
  boolean mayHaveAcquired;

  /** When the first of those attempts was sent. */
  long unsureSince;

  /** The latest attempt. */
  Future<?> attempt = Future.succeededFuture();

  /** The fencing token of its grant, or 0. */
  long fencingToken;

  Waiter(LockRequest request, boolean tokenFromCaller, long arrivedAt) {
    this.key = LeaseKey.lock(request.getName());
    this.request = request;
    this.withdrawable = tokenFromCaller;
    this.mayHold = tokenFromCaller && !request.isNewToken();
    this.arrivedAt = arrivedAt;
  }

  String token() {
    return request.getToken();
  }

  long leaseNanos() {
    return request.getLeaseDuration() * MILLI;
  }

  long endsAt() {
    return arrivedAt + request.getWaitTimeout() * MILLI;
  }

  /** Whether the request has completed. */
  boolean ended() {
    return promise.future().isComplete();
  }

  /** Notes that an attempt is sent now. */
  void noteSent(long sentAt) {
    attempted = true;
    if (!mayHaveAcquired) {
      unsureSince = sentAt;
    }
    mayHaveAcquired = true;
  }

  /** Notes the answer to an attempt: after a refusal, the token has no lease. */
  void noteAnswer(Acquisition acquisition) {
    mayHaveAcquired = acquisition.granted();
  }

  void grant(long fencingToken, long sentAt) {
    deadline.cancel();
    this.fencingToken = fencingToken;
    promise.tryComplete(
        new LockGrant()
            .setName(request.getName())
            .setToken(request.getToken())
            .setFencingToken(fencingToken)
            .setLeaseDuration(request.getLeaseDuration())
            .setWaited((sentAt - arrivedAt) / MILLI));
  }

  void fail(Throwable failure) {
    deadline.cancel();
    promise.tryFail(failure);
  }
}
