package dev.conclave.lock;

import dev.conclave.backend.ErrorCode;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A {@link LockHandle} and its renewal.
 *
 * <ol>
 *   <li>Valid until the stamp of the last renewal that succeeded, taken before it was sent, plus
 *       the lease, less the margin, but never beyond {@code maxHold}. Compared at every use.
 *   <li>One timer stands at the end of the validity: when it runs without a renewal in between, the
 *       lock is lost, whether or not a call hangs.
 *   <li>Renewal is due a third of the lease after the last success; after a failure sooner, until
 *       the validity is over. A renewal that says the lease is gone loses the lock at once.
 *   <li>State changes once, from held to released or lost. Release changes it before it sends
 *       anything, so an answer of a renewal under way finds nothing to renew.
 * </ol>
 */
final class LeaseHandle implements LockHandle {
  private enum State {
    HELD,
    RELEASED,
    LOST
  }

  private static final long MILLI = 1_000_000;

  private final Scheduler scheduler;
  private final LockService service;
  private final LockRequest request;
  private final long fencingToken;
  private final long lease;
  private final long holdUntil;
  private final boolean renews;
  private final List<Runnable> lostHandlers = new ArrayList<>();

  private volatile State state = State.HELD;
  private volatile long validUntil;
  private volatile Throwable lostBecause;
  private Future<Boolean> released;
  private boolean renewing;
  private Scheduler.Timer expiry = () -> {};
  private Scheduler.Timer renewal = () -> {};

  LeaseHandle(
      Scheduler scheduler,
      LockService service,
      LockRequest request,
      LockGrant grant,
      long sentAt,
      LockOptions options,
      boolean renews) {
    this.scheduler = scheduler;
    this.service = service;
    this.request = request;
    this.fencingToken = grant.getFencingToken();
    this.lease = grant.getLeaseDuration() * MILLI;
    this.holdUntil = sentAt + options.getMaxHold() * MILLI;
    this.renews = renews;
    renewed(sentAt, lease);
  }

  @Override
  public String name() {
    return request.getName();
  }

  @Override
  public long fencingToken() {
    return fencingToken;
  }

  @Override
  public boolean isValid() {
    return state == State.HELD && scheduler.nanoTime() - validUntil < 0;
  }

  @Override
  public Duration remaining() {
    return isValid()
        ? Duration.ofNanos(Math.max(0, validUntil - scheduler.nanoTime()))
        : Duration.ZERO;
  }

  @Override
  public LockHandle onLost(Runnable handler) {
    onScheduler(
        () -> {
          if (state == State.LOST) {
            handler.run();
          } else if (state == State.HELD) {
            lostHandlers.add(handler);
          }
        });
    return this;
  }

  @Override
  public Future<Void> extend() {
    return answerOnScheduler(this::extendHere);
  }

  @Override
  public Future<Boolean> release() {
    return answerOnScheduler(this::end);
  }

  /** Releases unless the lock is lost; to be called on any thread of the scheduler. */
  Future<Boolean> end() {
    if (!scheduler.isCurrent()) {
      return answerOnScheduler(this::end);
    }
    if (state == State.HELD && !isValid()) {
      lose(LockFailures.lost(name(), "its lease ran out before it was renewed"));
    }
    if (state == State.LOST) {
      return Future.succeededFuture(false);
    }
    if (state == State.HELD) {
      state = State.RELEASED;
      stopTimers();
      released = service.release(name(), request.getToken());
    }
    return released;
  }

  /** Why the lock was lost, or null when it was not. */
  Throwable lostBecause() {
    return lostBecause;
  }

  private Future<Void> extendHere() {
    if (state == State.RELEASED) {
      return Future.failedFuture(
          ErrorCode.CLOSED.failure("lock '" + name() + "' was released by this handle"));
    }
    if (state == State.HELD && !isValid()) {
      lose(LockFailures.lost(name(), "its lease ran out before it was renewed"));
    }
    if (state == State.LOST) {
      return Future.failedFuture(lostBecause);
    }
    long sentAt = scheduler.nanoTime();
    long asked = Math.min(lease, (holdUntil - sentAt) / MILLI * MILLI);
    if (asked < MILLI) {
      return Future.failedFuture(
          ErrorCode.INVALID.failure(
              "lock '" + name() + "' can not be renewed: its maxHold is over"));
    }
    Promise<Void> promise = Promise.promise();
    service
        .extend(name(), request.getToken(), asked / MILLI)
        .onComplete(outcome -> onScheduler(() -> extended(sentAt, asked, outcome, promise)));
    return promise.future();
  }

  private void extended(long sentAt, long asked, AsyncResult<Void> outcome, Promise<Void> promise) {
    if (state == State.HELD && outcome.succeeded()) {
      renewed(sentAt, asked);
    } else if (state == State.HELD && ErrorCode.NOT_OWNER.is(outcome.cause())) {
      lose(LockFailures.lost(name(), "the store says that somebody else may hold it"));
    }
    if (state == State.LOST) {
      promise.fail(lostBecause);
    } else if (outcome.failed()) {
      promise.fail(outcome.cause());
    } else {
      promise.complete();
    }
  }

  private void renewed(long sentAt, long duration) {
    long until = Validity.until(sentAt, duration);
    validUntil = holdUntil - until < 0 ? holdUntil : until;
    expiry.cancel();
    expiry = scheduler.schedule(validUntil - scheduler.nanoTime(), this::expire);
    if (renews) {
      renewAt(sentAt + lease / 3);
    }
  }

  private void renewAt(long moment) {
    renewal.cancel();
    if (moment - holdUntil < 0) {
      renewal = scheduler.schedule(moment - scheduler.nanoTime(), this::renew);
    }
  }

  private void renew() {
    if (state != State.HELD || renewing) {
      return;
    }
    renewing = true;
    extendHere()
        .onComplete(
            outcome -> {
              renewing = false;
              if (outcome.failed() && state == State.HELD) {
                renewAt(scheduler.nanoTime() + Math.max(10 * MILLI, lease / 20));
              }
            });
  }

  private void expire() {
    if (state == State.HELD && !isValid()) {
      boolean capped = holdUntil - scheduler.nanoTime() < lease / 3;
      lose(
          LockFailures.lost(
              name(), capped ? "maxHold was reached" : "its lease ran out before it was renewed"));
      // The store may still count it as held for a moment: let the next one have it.
      service.release(name(), request.getToken());
    }
  }

  private void lose(Throwable reason) {
    lostBecause = reason;
    state = State.LOST;
    stopTimers();
    List<Runnable> handlers = List.copyOf(lostHandlers);
    lostHandlers.clear();
    handlers.forEach(handler -> scheduler.execute(handler));
  }

  private void stopTimers() {
    expiry.cancel();
    renewal.cancel();
  }

  private void onScheduler(Runnable action) {
    if (scheduler.isCurrent()) {
      action.run();
    } else {
      scheduler.execute(action);
    }
  }

  private <T> Future<T> answerOnScheduler(Supplier<Future<T>> call) {
    if (scheduler.isCurrent()) {
      return call.get();
    }
    Promise<T> promise = Promise.promise();
    scheduler.execute(() -> call.get().onComplete(promise));
    return promise.future();
  }
}
