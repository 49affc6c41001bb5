package dev.conclave.lease;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
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
 *   <li>Valid until the stamp of the latest renewal that succeeded, taken before it was sent, plus
 *       the lease, less the margin, but never beyond {@code maxHold}. Compared at every use; what
 *       was over once never comes back.
 *   <li>One timer stands at the end of the validity: when it runs without a renewal in between, the
 *       lease is lost, whether or not a call hangs.
 *   <li>Renewal is due a third of the lease after the last success. Sending one sets the next to a
 *       sixth of the lease later, or to half of what is left if that is less, so that neither an
 *       error nor an answer that never comes ends them; a success sets it back. A renewal that says
 *       the lease is gone loses it at once.
 *   <li>Renewals near the end of {@code maxHold} ask for just what keeps the lease valid until
 *       then.
 *   <li>State changes once, from held to released or lost. Release changes it before it sends
 *       anything, so an answer of a renewal under way finds nothing to renew. A lease that is lost
 *       here is given back too: the store may still count a renewal whose answer did not come. It
 *       is given back once more when a renewal succeeds after the loss.
 * </ol>
 */
public final class HeldLease {
  private enum State {
    HELD,
    RELEASED,
    LOST
  }

  /** Where the lease is held. */
  public interface Store {
    /** Renews it for so many milliseconds; fails with {@code NOT_OWNER} when it is gone. */
    Future<Void> extend(long millis);

    /** Gives it back; answers whether it was still held. */
    Future<Boolean> release();
  }

  /**
   * How it is held. Times are nanoseconds.
   *
   * @param label what is held, for people: {@code lock 'orders'}
   * @param duration what a renewal asks for
   * @param maxHold how long it is held at most, renewals or not, from the sending of the request
   * @param renews whether it renews itself
   */
  public record Terms(String label, long duration, long maxHold, boolean renews) {}

  private static final long MILLI = 1_000_000;
  private static final String GONE = "the store says that this handle does not hold it any more";

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
   * @param caller where handlers run, or null for where each of them was added
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

  /** Whether the lease is surely still held. */
  public boolean isValid() {
    return state == State.HELD && scheduler.nanoTime() - validUntil < 0;
  }

  /** How long {@link #isValid()} stays true without a renewal; zero when it is not. */
  public Duration remaining() {
    return isValid()
        ? Duration.ofNanos(Math.max(0, validUntil - scheduler.nanoTime()))
        : Duration.ZERO;
  }

  /** Calls the handler once when the lease is lost, at once when it is; never after a release. */
  public void onLost(Runnable handler) {
    Executor where = caller != null ? caller : scheduler.caller();
    Runnable told = () -> where.execute(handler);
    CallerContext.run(
        scheduler,
        () -> {
          if (state == State.LOST) {
            told.run();
          } else if (state == State.HELD) {
            lostHandlers.add(told);
          }
        });
  }

  /** Renews the lease now; fails with {@code LOST}, or with {@code CLOSED} after a release. */
  public Future<Void> extend() {
    return CallerContext.call(scheduler, this::extendHere);
  }

  /** Gives the lease back unless it is lost; answers whether it was still held. Idempotent. */
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
          giveBack()
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
    long asked = Math.min(lease, Validity.needed(holdUntil - sentAt));
    Promise<Void> promise = Promise.promise();
    CallerContext.attempt(() -> store.extend(asked / MILLI))
        .onComplete(
            outcome ->
                CallerContext.run(scheduler, () -> extended(sentAt, asked, outcome, promise)));
    return promise.future();
  }

  private void extended(long sentAt, long asked, AsyncResult<Void> outcome, Promise<Void> promise) {
    loseIfOver();
    if (state == State.HELD && outcome.succeeded()) {
      renewed(sentAt, asked);
    } else if (state == State.HELD && ErrorCode.NOT_OWNER.is(outcome.cause())) {
      lose(GONE);
    } else if (state == State.LOST && outcome.succeeded()) {
      giveBack();
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
      return; // Answers can overtake each other; the latest renewal is what the store goes by.
    }
    renewedAt = sentAt;
    long until = Validity.until(sentAt, duration);
    validUntil = holdUntil - until < 0 ? holdUntil : until;
    expiry.cancel();
    expiry = scheduler.schedule(validUntil - scheduler.nanoTime(), this::loseIfOver);
    renewAt(sentAt + lease / 3, lease / 6);
  }

  /** Sooner when others are renewed: a thousand leases of a process then cost a few commands. */
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
    giveBack();
    List<Runnable> handlers = List.copyOf(lostHandlers);
    lostHandlers.clear();
    handlers.forEach(Runnable::run);
  }

  private Future<Boolean> giveBack() {
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
