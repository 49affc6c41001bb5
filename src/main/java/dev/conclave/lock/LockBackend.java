package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.LastCause;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The calls of one lock service to its backend.
 *
 * <ol>
 *   <li>Every call answers on the scheduler's thread, within the timeout, and fails with one of our
 *       codes.
 *   <li>An attempt that is answered after its waiter has ended, however late, is examined all the
 *       same: a lease that no caller was granted is given back.
 *   <li>A waiter gives back only what its own attempts got. Where another request may have the same
 *       token, such as a retry at another service, the age of the lease decides whose it is. If the
 *       two were sent at the same time, that cannot be known, and the lease is released.
 *   <li>Nobody asks with a token that is on its way back: a release that is overtaken would take
 *       the new lease away. Waiting for that counts towards the timeout.
 * </ol>
 *
 * <p>Belongs to the scheduler's thread.
 */
final class LockBackend {
  /** A backend's answer, and the clock's reading before it was asked. */
  record Answer(long sentAt, Acquisition acquisition) {

    /** Whether a grant can still be counted on. */
    boolean validAt(long now, long lease) {
      return acquisition.granted() && now - Validity.until(sentAt, lease) < 0;
    }

    long fencingToken() {
      return ((Acquisition.Granted) acquisition).fencingToken();
    }
  }

  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final long timeout;
  private final Map<String, Future<Void>> releasing = new HashMap<>();

  LockBackend(Scheduler scheduler, SyncBackend backend, long timeoutMillis) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.timeout = timeoutMillis;
  }

  /** The call's own outcome, or a failure when it takes longer than a call may. */
  <T> Future<T> call(Supplier<Future<T>> call) {
    return bounded(CallerContext.attempt(call));
  }

  /** One attempt for a waiter; with a position in line when it is refused, unless that is null. */
  Future<Answer> ask(Waiter waiter, LeaseRequest.Waiter position) {
    Future<Void> before = releasing.get(waiter.token());
    if (before == null) {
      return send(waiter, position);
    }
    return bounded(
        before.compose(
            back ->
                waiter.ended()
                    ? Future.failedFuture(ErrorCode.CLOSED.failure("the wait is over"))
                    : send(waiter, position)));
  }

  private Future<Answer> send(Waiter waiter, LeaseRequest.Waiter position) {
    long sentAt = scheduler.nanoTime();
    waiter.noteSent(sentAt);
    Future<Acquisition> raw =
        CallerContext.attempt(() -> backend.acquire(waiter.request.lease(waiter.key, position)));
    if (!raw.isComplete()) {
      raw.onComplete(outcome -> CallerContext.run(scheduler, () -> late(waiter, sentAt, outcome)));
    }
    Future<Answer> answer = bounded(raw).map(acquisition -> new Answer(sentAt, acquisition));
    waiter.attempt = answer;
    answer.onSuccess(known -> waiter.noteAnswer(known.acquisition()));
    return answer;
  }

  /** An attempt was answered: if its waiter has ended, what it got is given back. */
  private void late(Waiter waiter, long sentAt, AsyncResult<Acquisition> answer) {
    if (!waiter.ended()) {
      return;
    }
    if (answer.result() instanceof Acquisition.Refused) {
      leave(waiter); // It may have joined the line after its position was given up.
      return;
    }
    // An older lease of this token than the one handed out has ended; releasing it ends the newer.
    boolean newerLease =
        answer.result() instanceof Acquisition.Granted granted
            && granted.fencingToken() > waiter.fencingToken;
    if (waiter.fencingToken == 0 || newerLease) {
      releaseSince(waiter, sentAt);
    }
  }

  /**
   * Ends the waiter's part without a grant: gives up its position in line, and its lease if an
   * attempt may have got one. Completes when that and the attempt under way have been answered.
   */
  Future<Void> giveUp(Waiter waiter) {
    return waiter.mayHaveGot ? releaseSince(waiter, waiter.unsureSince) : leave(waiter);
  }

  /**
   * Releases what attempts since that moment may have got. Another request with the same token may
   * hold the lock: a lease that began before those attempts were sent is not theirs.
   */
  private Future<Void> releaseSince(Waiter waiter, long since) {
    return waiter.mayHold
        ? releasing(
            waiter,
            () ->
                backend
                    .find(waiter.key)
                    .transform(
                        lease ->
                            lease.succeeded() && beganBefore(since, lease.result())
                                ? backend.leave(waiter.key, waiter.token())
                                : backend.release(waiter.key, waiter.token()).mapEmpty()))
        : releasing(waiter, () -> backend.release(waiter.key, waiter.token()));
  }

  private boolean beganBefore(long since, Optional<Lease> lease) {
    return lease.isPresent()
        && Validity.until(since, lease.get().age().toNanos()) - scheduler.nanoTime() > 0;
  }

  /** Gives up the waiter's position in line, and never a lease. Completes as {@link #giveUp}. */
  private Future<Void> leave(Waiter waiter) {
    return releasing(waiter, () -> backend.leave(waiter.key, waiter.token()));
  }

  private <T> Future<Void> releasing(Waiter waiter, Supplier<Future<T>> call) {
    Future<Void> sent = call(call).transform(whatever -> Future.succeededFuture());
    if (sent.isComplete() && waiter.attempt.isComplete()) {
      return sent;
    }
    Future<Void> earlier = releasing.getOrDefault(waiter.token(), Future.succeededFuture());
    Future<Void> all =
        Future.join(earlier, waiter.attempt, sent).transform(ended -> Future.succeededFuture());
    releasing.put(waiter.token(), all);
    all.onComplete(ended -> releasing.remove(waiter.token(), all));
    return all;
  }

  /** Completes when nothing is on its way back any more. */
  Future<Void> allReleased() {
    return releasing.isEmpty()
        ? Future.succeededFuture()
        : Future.join(List.copyOf(releasing.values())).transform(ended -> allReleased());
  }

  private <T> Future<T> bounded(Future<T> call) {
    return new Deadline(scheduler, Duration.ofMillis(timeout))
        .bound(call, this::tooLate)
        .recover(cause -> Future.failedFuture(ErrorCode.withCode(cause)));
  }

  private Throwable tooLate() {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        LastCause.added(
            "the backend did not answer within " + timeout + " ms (backendTimeout)", backend));
  }
}
