package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.LastCause;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The calls of one lock service to its backend.
 *
 * <ol>
 *   <li>Every call answers on the scheduler's thread, within the timeout, and fails with one of our
 *       codes.
 *   <li>An attempt that is answered after its waiter has ended, however late, is looked at all the
 *       same: a lease nobody was told of is given back.
 *   <li>Nobody asks with a token that is on its way back: a release that is overtaken would take
 *       the new lease away. Waiting for that counts towards the timeout.
 * </ol>
 *
 * <p>Belongs to the scheduler's thread.
 */
final class BackendCalls {
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
  private final Map<String, Future<Void>> returning = new HashMap<>();

  BackendCalls(Scheduler scheduler, SyncBackend backend, long timeoutMillis) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.timeout = timeoutMillis;
  }

  /** The call's own outcome, or a failure when it takes longer than a call may. */
  <T> Future<T> call(Supplier<Future<T>> call) {
    return bounded(CallerContext.attempt(call));
  }

  /** One attempt for a waiter; with a place in line when it is refused, unless that is null. */
  Future<Answer> ask(Waiter waiter, LeaseRequest.Waiter place) {
    Future<Void> before = returning.get(waiter.token());
    if (before == null) {
      return send(waiter, place);
    }
    return bounded(
        before.compose(
            back ->
                waiter.ended()
                    ? Future.failedFuture(ErrorCode.CLOSED.failure("the wait is over"))
                    : send(waiter, place)));
  }

  private Future<Answer> send(Waiter waiter, LeaseRequest.Waiter place) {
    waiter.asked = true;
    long sentAt = scheduler.nanoTime();
    Future<Acquisition> raw =
        CallerContext.attempt(() -> backend.acquire(waiter.request.lease(waiter.key, place)));
    if (!raw.isComplete()) {
      raw.onComplete(
          answer -> CallerContext.run(scheduler, () -> giveBackWhatIsLate(waiter, answer)));
    }
    Future<Answer> answer = bounded(raw).map(acquisition -> new Answer(sentAt, acquisition));
    waiter.attempt = answer;
    answer.onComplete(
        outcome ->
            waiter.refusedOnly &= outcome.succeeded() && !outcome.result().acquisition().granted());
    return answer;
  }

  /**
   * An older lease of this token than the one handed out has ended; releasing it ends the newer.
   */
  private void giveBackWhatIsLate(Waiter waiter, AsyncResult<Acquisition> answer) {
    if (!waiter.ended()) {
      return;
    }
    if (answer.result() instanceof Acquisition.Refused) {
      // It may have joined the line after its place was given up. Another request with its token
      // may hold the lease, and keeps it.
      leave(waiter);
      return;
    }
    boolean handedOut = waiter.fencingToken != 0;
    boolean newerLease =
        answer.result() instanceof Acquisition.Granted granted
            && granted.fencingToken() > waiter.fencingToken;
    if (!handedOut || newerLease) {
      giveBack(waiter);
    }
  }

  /**
   * Releases the waiter's token: its lease, its offer, or its place in line. Completes when that
   * and the attempt under way have been answered.
   */
  Future<Void> giveBack(Waiter waiter) {
    return returned(waiter, () -> backend.release(waiter.key, waiter.token()));
  }

  /**
   * Ends the waiter's part without a grant. Where every attempt was refused, it has a place in line
   * at most, and only that is given up: another request with its token may hold the lease.
   */
  Future<Void> giveUp(Waiter waiter) {
    return waiter.refusedOnly && waiter.attempt.isComplete() ? leave(waiter) : giveBack(waiter);
  }

  /** Gives up the waiter's place in line, and never a lease. Completes as {@link #giveBack}. */
  private Future<Void> leave(Waiter waiter) {
    return returned(waiter, () -> backend.leave(waiter.key, waiter.token()));
  }

  private <T> Future<Void> returned(Waiter waiter, Supplier<Future<T>> call) {
    Future<Void> sent = call(call).transform(whatever -> Future.succeededFuture());
    if (sent.isComplete() && waiter.attempt.isComplete()) {
      return sent;
    }
    Future<Void> earlier = returning.getOrDefault(waiter.token(), Future.succeededFuture());
    Future<Void> all =
        Future.join(earlier, waiter.attempt, sent).transform(ended -> Future.succeededFuture());
    returning.put(waiter.token(), all);
    all.onComplete(ended -> returning.remove(waiter.token(), all));
    return all;
  }

  /** Completes when nothing is on its way back any more. */
  Future<Void> allGivenBack() {
    return returning.isEmpty()
        ? Future.succeededFuture()
        : Future.join(List.copyOf(returning.values())).transform(ended -> allGivenBack());
  }

  private <T> Future<T> bounded(Future<T> call) {
    if (call.isComplete()) {
      return call.succeeded() ? call : failed(call.cause());
    }
    Promise<T> promise = Promise.promise();
    Scheduler.Timer timer =
        scheduler.schedule(
            Duration.ofMillis(timeout).toNanos(),
            () ->
                promise.tryFail(
                    ErrorCode.BACKEND_UNAVAILABLE.failure(
                        LastCause.added(
                            "the backend did not answer within " + timeout + " ms (backendTimeout)",
                            backend))));
    call.onComplete(
        outcome ->
            CallerContext.run(
                scheduler,
                () -> {
                  timer.cancel();
                  if (outcome.succeeded()) {
                    promise.tryComplete(outcome.result());
                  } else {
                    promise.tryFail(ErrorCode.withCode(outcome.cause()));
                  }
                }));
    return promise.future();
  }

  private static <T> Future<T> failed(Throwable cause) {
    return Future.failedFuture(ErrorCode.withCode(cause));
  }
}
