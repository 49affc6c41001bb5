package dev.conclave.lease;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * A lease that was granted to this process, and its renewal. It may be used from any thread.
 *
 * <ol>
 *   <li>Valid until the sending of the latest successful renewal, plus the lease, less the margin,
 *       but never beyond {@code maxHold}. Every use reads the clock. A lease that is over never
 *       becomes valid again.
 *   <li>One timer runs at the end of the validity. Without a renewal in between, the lease is lost,
 *       even while a request hangs.
 *   <li>Renewal is due a third of the lease after the last success. Sending one plans the next for
 *       a sixth of the lease later, or for half of the remaining validity if that is less. So
 *       neither an error nor a missing answer ends the renewals. If the store reports that the
 *       lease is gone, it is lost at once.
 *   <li>Renewals near the end of {@code maxHold} request only the time until then.
 *   <li>State changes once, from held to released or lost. Release changes it before it sends
 *       anything, so the answer of a renewal under way has no effect. A lost lease is released too:
 *       the store may have carried out a renewal whose answer did not come. It is released once
 *       more when a renewal succeeds after the loss.
 * </ol>
 */
public final class HeldLease {
  private enum State {
    HELD,
    RELEASED,
    LOST
  }

  /** The store that holds the lease. */
  public interface Store {
    /** Renews it for so many milliseconds; fails with {@code NOT_OWNER} when it is gone. */
    Future<Void> extend(long millis);

    /** Releases it; returns whether it was still held. */
    Future<Boolean> release();
  }

  /**
   * How it is held. Times are nanoseconds.
   *
   * @param label for messages: {@code lock 'orders'}
   * @param duration what a renewal requests
   * @param maxHold how long it is held at most, renewals or not, from the sending of the request
   * @param renews whether it renews itself
   */
  public record Terms(String label, long duration, long maxHold, boolean renews) {}

  private static final long MILLI = 1_000_000;
  private static final String GONE = "the store reports that this handle does not hold it any more";

  private final Scheduler scheduler;
  private final Executor caller;
  private final Store store;
  private final Terms terms;
  private final long lease;
  private final long holdUntil;
  private final List<Runnable> lostHandlers = new ArrayList<>();

  private volatile State state = State.HELD;
  private volatile long validUntil;
  private volatile Throwable lostBecause;
  private Future<Boolean> released;
  private long renewedAt;
  private Scheduler.Timer expiry = () -> {};
  private Scheduler.Timer renewal = () -> {};

  /**
   * A lease that was granted. To be made on the scheduler's thread.
   *
   * @param caller runs the handlers; null to run each of them where it was added
   * @param sentAt the scheduler's monotonic clock before the request was sent
   */
  public HeldLease(Scheduler scheduler, Executor caller, Store store, Terms terms, long sentAt) {
    this.scheduler = scheduler;
    this.caller = caller;
    this.store = store;
    this.terms = terms;
    this.lease = terms.duration();
    this.holdUntil = sentAt + terms.maxHold();
    this.renewedAt = sentAt;
    renewed(sentAt, lease);
  }

  /** True only if the lease is certainly still held. */
  public boolean isValid() {
    return state == State.HELD && scheduler.nanoTime() - validUntil < 0;
  }

  /** How long {@link #isValid()} stays true without a renewal; zero when it is not. */
  public Duration remaining() {
    return isValid()
        ? Duration.ofNanos(Math.max(0, validUntil - scheduler.nanoTime()))
        : Duration.ZERO;
  }

  /**
   * Runs the handler once when the lease is lost, at once if it is already; never after a release.
   */
  public void onLost(Runnable handler) {
    Executor where = caller != null ? caller : scheduler.caller();
    Runnable notified = () -> where.execute(handler);
    CallerContext.run(
        scheduler,
        () -> {
          if (state == State.LOST) {
            notified.run();
          } else if (state == State.HELD) {
            lostHandlers.add(notified);
          }
        });
  }

  /** Renews the lease now; fails with {@code LOST}, or with {@code CLOSED} after a release. */
  public Future<Void> extend() {
    return CallerContext.call(scheduler, this::extendHere);
  }

  /** Releases the lease unless it is lost; returns whether it was still held. Idempotent. */
  public Future<Boolean> release() {
    return CallerContext.call(scheduler, this::releaseHere);
  }

  /** Why the lease was not held to the end, or null when it was. */
  public Throwable lostBecause() {
    return lostBecause;
  }

  private Future<Boolean> releaseHere() {
    loseIfOver();
    if (state == State.LOST) {
      return Future.succeededFuture(false);
    }
    if (state == State.HELD) {
      state = State.RELEASED;
      stopTimers();
      lostHandlers.clear();
      released =
          releaseInStore()
              .map(
                  held -> {
                    if (!held) {
                      lostBecause = lost(GONE);
                    }
                    return held;
                  });
    }
    return released;
  }

  private Future<Void> extendHere() {
    if (state == State.RELEASED) {
      return Future.failedFuture(closed());
    }
    loseIfOver();
    if (state == State.LOST) {
      return Future.failedFuture(lostBecause);
    }
    long sentAt = scheduler.nanoTime();
    long requested = Math.min(lease, Attempt.durationFor(holdUntil - sentAt));
    Promise<Void> promise = Promise.promise();
    CallerContext.attempt(() -> store.extend(requested / MILLI))
        .onComplete(
            outcome ->
                CallerContext.run(scheduler, () -> extended(sentAt, requested, outcome, promise)));
    return promise.future();
  }

  private void extended(
      long sentAt, long requested, AsyncResult<Void> outcome, Promise<Void> promise) {
    loseIfOver();
    if (state == State.HELD && outcome.succeeded()) {
      renewed(sentAt, requested);
    } else if (state == State.HELD && ErrorCode.NOT_OWNER.is(outcome.cause())) {
      lose(GONE);
    } else if (state == State.LOST && outcome.succeeded()) {
      releaseInStore();
    }
    if (state == State.LOST) {
      promise.fail(lostBecause);
    } else if (state == State.RELEASED) {
      promise.fail(closed());
    } else if (outcome.failed()) {
      promise.fail(outcome.cause());
    } else {
      promise.complete();
    }
  }

  private void renewed(long sentAt, long duration) {
    if (sentAt - renewedAt < 0) {
      return; // Answers can overtake each other. The latest renewal determines the lease in the
      // store.
    }
    renewedAt = sentAt;
    long until = Attempt.validUntil(sentAt, duration);
    validUntil = holdUntil - until < 0 ? holdUntil : until;
    expiry.cancel();
    expiry = scheduler.schedule(validUntil - scheduler.nanoTime(), this::loseIfOver);
    renewAt(sentAt + lease / 3, lease / 6);
  }

  /** May run earlier with renewals of other leases: a thousand leases then need few commands. */
  private void renewAt(long moment, long early) {
    renewal.cancel();
    if (terms.renews() && moment - holdUntil < 0) {
      renewal = scheduler.schedule(moment - scheduler.nanoTime(), early, this::renew);
    }
  }

  private void renew() {
    if (state == State.HELD) {
      long now = scheduler.nanoTime();
      renewAt(now + Math.max(10 * MILLI, Math.min(lease / 6, (validUntil - now) / 2)), 0);
      extendHere();
    }
  }

  private void loseIfOver() {
    if (state == State.HELD && !isValid()) {
      boolean capped = scheduler.nanoTime() - holdUntil >= 0;
      lose(capped ? "maxHold was reached" : "its lease ran out before it was renewed");
    }
  }

  private void lose(String why) {
    lostBecause = lost(why);
    state = State.LOST;
    stopTimers();
    releaseInStore();
    List<Runnable> handlers = List.copyOf(lostHandlers);
    lostHandlers.clear();
    handlers.forEach(Runnable::run);
  }

  private Future<Boolean> releaseInStore() {
    return CallerContext.attempt(store::release);
  }

  private Throwable lost(String why) {
    return ErrorCode.LOST.failure(terms.label() + " was lost: " + why);
  }

  private Throwable closed() {
    return ErrorCode.CLOSED.failure(terms.label() + " was released by this handle");
  }

  private void stopTimers() {
    expiry.cancel();
    renewal.cancel();
  }
}
