package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Attempt;
import dev.conclave.lease.Attempt.Answer;
import dev.conclave.lease.LastCause;
import dev.conclave.lock.WaitQueue.Waiter;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * The requests of one lock service to its backend.
 *
 * <ol>
 *   <li>Every request completes on the scheduler's thread, within the timeout, and fails with one
 *       of our codes.
 *   <li>An attempt whose answer comes after its waiter has ended is examined all the same, however
 *       late: a lease that no caller received is released.
 *   <li>A waiter releases only what its own attempts acquired. Where another request may have the
 *       same token, such as a retry at another service, the age of the lease decides. If the two
 *       were sent at the same time, that cannot be known, and the lease is released.
 *   <li>No attempt is sent with a token that is being released: a release that arrives after it
 *       would end the new lease. Waiting for the release counts towards the timeout.
 * </ol>
 *
 * <p>Belongs to the scheduler's thread.
 */
final class LockBackend {
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final Duration timeout;
  // One for all requests: most have their answer in time.
  private final Supplier<Throwable> tooLate;
  private final Map<String, Future<Void>> releases = new HashMap<>();

  LockBackend(Scheduler scheduler, SyncBackend backend, long timeoutMillis) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.timeout = Duration.ofMillis(timeoutMillis);
    this.tooLate = () -> tooLate(backend, timeoutMillis);
  }

  /** The request's outcome, or a failure when the timeout is over first. */
  <T> Future<T> request(Callable<Future<T>> request) {
    return bounded(CallerContext.attempt(request));
  }

  /**
   * Sends one attempt for a waiter.
   *
   * @param position the waiter's position in the backend's queue when it is refused, or null for
   *     none
   */
  Future<Answer> attempt(Waiter waiter, LeaseRequest.Waiter position) {
    Future<Void> release = releases.get(waiter.token());
    if (release == null) {
      return send(waiter, position);
    }
    return bounded(
        release.compose(
            ended ->
                waiter.ended()
                    ? Future.failedFuture(ErrorCode.CLOSED.failure("the wait is over"))
                    : send(waiter, position)));
  }

  /** One attempt without a position in the backend's queue, and nothing left of it if it fails. */
  Future<Answer> attemptOnce(Waiter waiter) {
    return Attempt.orRelease(
        scheduler,
        attempt(waiter, null),
        waiter.leaseNanos(),
        () -> LockFailures.late(waiter.request),
        () -> giveUp(waiter));
  }

  private Future<Answer> send(Waiter waiter, LeaseRequest.Waiter position) {
    Attempt attempt = new Attempt(scheduler);
    waiter.noteSent(attempt.sentAt());
    attempt.send(() -> backend.acquire(waiter.request.lease(waiter.key, position)));
    if (attempt.isUnderWay()) {
      attempt.examine(outcome -> examine(waiter, attempt.sentAt(), outcome));
    }
    Future<Answer> answer = withCode(attempt.answerWithin(timeout, tooLate));
    waiter.attempt = answer;
    answer.onSuccess(known -> waiter.noteAnswer(known.acquisition()));
    return answer;
  }

  /** If the waiter has ended, releases what the attempt acquired. */
  private void examine(Waiter waiter, long sentAt, AsyncResult<Acquisition> outcome) {
    if (!waiter.ended()) {
      return;
    }
    if (outcome.result() instanceof Acquisition.Refused) {
      leave(waiter); // It may have joined the queue after its position was given up.
      return;
    }
    // A grant with a smaller fencing token than the one handed out is of a lease that has ended. A
    // release would end the newer lease, which the caller has received.
    boolean newerLease =
        outcome.result() instanceof Acquisition.Granted granted
            && granted.fencingToken() > waiter.fencingToken;
    if (waiter.fencingToken == 0 || newerLease) {
      releaseSince(waiter, sentAt);
    }
  }

  /**
   * Ends the waiter's part without a grant: gives up its position in the queue, and its lease if an
   * attempt may have acquired one. Completes when that and the attempt under way have ended.
   */
  Future<Void> giveUp(Waiter waiter) {
    return waiter.mayHaveAcquired ? releaseSince(waiter, waiter.unsureSince) : leave(waiter);
  }

  /**
   * Releases what attempts since that moment may have acquired. Another request with the same token
   * may hold the lock: a lease that began before those attempts were sent is not theirs.
   */
  private Future<Void> releaseSince(Waiter waiter, long since) {
    return waiter.mayHold
        ? release(
            waiter,
            () ->
                backend
                    .find(waiter.key)
                    .transform(
                        lease ->
                            lease.succeeded() && beganBefore(since, lease.result())
                                ? backend.leave(waiter.key, waiter.token())
                                : backend.release(waiter.key, waiter.token()).mapEmpty()))
        : release(waiter, () -> backend.release(waiter.key, waiter.token()));
  }

  private boolean beganBefore(long since, Optional<Lease> lease) {
    return lease.isPresent()
        && Attempt.validUntil(since, lease.get().age().toNanos()) - scheduler.nanoTime() > 0;
  }

  /**
   * Gives up the waiter's position in the queue, and never a lease. Completes as {@link #giveUp}.
   */
  private Future<Void> leave(Waiter waiter) {
    return release(waiter, () -> backend.leave(waiter.key, waiter.token()));
  }

  private <T> Future<Void> release(Waiter waiter, Callable<Future<T>> request) {
    Future<Void> sent = request(request).transform(any -> Future.succeededFuture());
    if (sent.isComplete() && waiter.attempt.isComplete()) {
      return sent;
    }
    Future<Void> earlier = releases.getOrDefault(waiter.token(), Future.succeededFuture());
    Future<Void> all =
        Future.join(earlier, waiter.attempt, sent).transform(ended -> Future.succeededFuture());
    releases.put(waiter.token(), all);
    all.onComplete(ended -> releases.remove(waiter.token(), all));
    return all;
  }

  /** Completes when no release is under way. */
  Future<Void> allReleased() {
    return releases.isEmpty()
        ? Future.succeededFuture()
        : Future.join(List.copyOf(releases.values())).transform(ended -> allReleased());
  }

  private <T> Future<T> bounded(Future<T> request) {
    return withCode(Deadline.bound(scheduler, timeout, request, tooLate));
  }

  private static <T> Future<T> withCode(Future<T> request) {
    return request.succeeded()
        ? request
        : request.recover(cause -> Future.failedFuture(ErrorCode.withCode(cause)));
  }

  private static Throwable tooLate(SyncBackend backend, long timeoutMillis) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        LastCause.added(
            "the backend did not answer within " + timeoutMillis + " ms (backendTimeout)",
            backend));
  }
}
