package dev.conclave.lock;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Attempt;
import dev.conclave.lease.ProcessLabel;
import dev.conclave.lease.Tokens;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Schedulers;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A {@link DistributedLock} over a service.
 *
 * <ol>
 *   <li>The token is chosen here, before the request is sent, so that it can be released even
 *       without an answer.
 *   <li>An acquisition ends with the first of: an answer, the caller's giving up, a guard a little
 *       after the request's own deadline. A grant that comes after the end is released.
 *   <li>The validity of a grant is computed from the sending of the request and the time the
 *       service waited, less the drift of two clocks ({@link Attempt#stampOf}). After a long wait
 *       that drift may use up the lease: if less than half of it is left, the lease is extended
 *       once before the handle is given out, unless that takes longer than the caller's wait
 *       timeout.
 *   <li>A grant that is not valid after that is a failure: it is released.
 * </ol>
 */
final class ServiceLock implements DistributedLock {
  /** How long to wait for an answer in addition to the request's own wait. */
  private static final Duration GUARD = Duration.ofSeconds(10);

  private final LockService service;
  private final Supplier<Scheduler> schedulers;
  private final Supplier<Executor> bodies;
  private final String name;
  private final LockOptions options;

  ServiceLock(Vertx vertx, LockService service, String name, LockOptions options) {
    this(
        Schedulers.of(vertx)::shared,
        () -> Schedulers.of(vertx).shared().caller(),
        service,
        name,
        options);
  }

  /**
   * @param bodies where the body of a caller without a context runs
   */
  ServiceLock(
      Supplier<Scheduler> schedulers,
      Supplier<Executor> bodies,
      LockService service,
      String name,
      LockOptions options) {
    this.schedulers = schedulers;
    this.bodies = bodies;
    this.service = service;
    this.name = LeaseKey.checkName(name);
    this.options = LockOptions.checked(options);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Future<LockHandle> acquire() {
    return acquire(options.getWaitTimeout(), options.isRenew(), null).map(handle -> handle);
  }

  @Override
  public Future<LockHandle> acquire(Future<?> giveUp) {
    return acquire(options.getWaitTimeout(), options.isRenew(), giveUp).map(handle -> handle);
  }

  @Override
  public Future<LockHandle> tryAcquire() {
    return acquire(0, options.isRenew(), null).map(handle -> handle);
  }

  @Override
  public <T> Future<T> withLock(Function<LockHandle, Future<T>> body) {
    Executor caller = Vertx.currentContext() == null ? bodies.get() : Runnable::run;
    return CallerContext.answer(
        acquire(options.getWaitTimeout(), true, null)
            .compose(
                handle ->
                    CallerContext.attempt(caller, () -> body.apply(handle))
                        .transform(result -> finish(handle, result))));
  }

  private static <T> Future<T> finish(LeaseHandle handle, AsyncResult<T> result) {
    Future<T> ended =
        result.succeeded()
            ? Future.succeededFuture(result.result())
            : Future.failedFuture(result.cause());
    return handle
        .release()
        .transform(
            released -> {
              if (released.succeeded() && !released.result()) {
                return Future.failedFuture(handle.lostBecause());
              }
              return ended;
            });
  }

  private Future<LeaseHandle> acquire(long waitTimeout, boolean renew, Future<?> giveUp) {
    Scheduler scheduler = schedulers.get();
    Executor caller = Vertx.currentContext() == null ? null : scheduler.caller();
    return CallerContext.call(
        scheduler, () -> new PendingLock(scheduler, caller, waitTimeout, renew).begin(giveUp));
  }

  /** One call of acquire, on the scheduler's thread. */
  private final class PendingLock {
    private final Scheduler scheduler;
    private final Executor caller;
    private final boolean renew;
    private final LockRequest request;
    private final Promise<LeaseHandle> promise = Promise.promise();
    private long sentAt;

    PendingLock(Scheduler scheduler, Executor caller, long waitTimeout, boolean renew) {
      this.scheduler = scheduler;
      this.caller = caller;
      this.renew = renew;
      this.request =
          new LockRequest()
              .setName(name)
              .setToken(Tokens.random())
              .setNewToken(true)
              .setOwner(options.getOwner() == null ? ProcessLabel.get() : options.getOwner())
              .setLeaseDuration(options.getLeaseDuration())
              .setWaitTimeout(waitTimeout)
              .setMetadata(options.getMetadata());
    }

    Future<LeaseHandle> begin(Future<?> giveUp) {
      if (giveUp != null && giveUp.isComplete()) {
        return Future.failedFuture(withdrawn());
      }
      sentAt = scheduler.nanoTime();
      Future<LockGrant> answer = CallerContext.attempt(() -> service.acquire(request));
      if (answer.isComplete()) {
        answered(answer);
      } else {
        answer.onComplete(outcome -> CallerContext.run(scheduler, () -> answered(outcome)));
      }
      if (!promise.future().isComplete()) {
        guard();
        if (giveUp != null) {
          listen(giveUp);
        }
      }
      return promise.future();
    }

    private void guard() {
      Scheduler.Timer guard =
          scheduler.schedule(
              Duration.ofMillis(request.getWaitTimeout()).plus(GUARD).toNanos(),
              () ->
                  end(
                      ErrorCode.BACKEND_UNAVAILABLE.failure(
                          "the lock service did not answer the request for lock '" + name + "'")));
      promise.future().onComplete(ended -> guard.cancel());
    }

    /** A signal may outlive many acquisitions: it keeps no reference to those that have ended. */
    private void listen(Future<?> giveUp) {
      AtomicReference<PendingLock> waiting = new AtomicReference<>(this);
      promise.future().onComplete(ended -> waiting.set(null));
      giveUp.onComplete(signal -> withdraw(waiting.get()));
    }

    private void end(Throwable reason) {
      if (promise.tryFail(reason)) {
        release();
      }
    }

    private void release() {
      CallerContext.attempt(() -> service.release(name, request.getToken()));
    }

    private Throwable withdrawn() {
      return ErrorCode.CLOSED.failure("the wait for lock '" + name + "' was given up");
    }

    private void answered(AsyncResult<LockGrant> answer) {
      if (answer.failed()) {
        if (ErrorCode.of(answer.cause()) == null && !promise.future().isComplete()) {
          release(); // After an unknown failure the lock may have been granted.
        }
        promise.tryFail(LockFailures.namingThisProcess(ErrorCode.withCode(answer.cause())));
        return;
      }
      LockGrant grant = answer.result();
      long stamp = Attempt.stampOf(sentAt, Duration.ofMillis(grant.getWaited()).toNanos());
      long inTime = sentAt + request.getWaitTimeout() * 1_000_000 - scheduler.nanoTime();
      if (promise.future().isComplete()) {
        release();
      } else if (inTime > 0 && left(grant, stamp) < lease(grant) / 2) {
        extendOnce(grant, stamp, inTime);
      } else {
        handOut(grant, stamp);
      }
    }

    private static long lease(LockGrant grant) {
      return grant.getLeaseDuration() * 1_000_000;
    }

    private long left(LockGrant grant, long stamp) {
      return Attempt.validUntil(stamp, lease(grant)) - scheduler.nanoTime();
    }

    private void extendOnce(LockGrant grant, long stamp, long inTime) {
      Scheduler.Timer deadline = scheduler.schedule(inTime, () -> handOut(grant, stamp));
      promise.future().onComplete(ended -> deadline.cancel());
      long extendedAt = scheduler.nanoTime();
      CallerContext.attempt(
              () -> service.extend(name, request.getToken(), grant.getLeaseDuration()))
          .onComplete(
              outcome ->
                  CallerContext.run(
                      scheduler,
                      () -> {
                        if (ErrorCode.NOT_OWNER.is(outcome.cause())) {
                          end(lost());
                        } else {
                          handOut(grant, outcome.succeeded() ? extendedAt : stamp);
                        }
                      }));
    }

    private Throwable lost() {
      return LockFailures.lost(name, "the answer came after the lease that it granted was over");
    }

    private void handOut(LockGrant grant, long stamp) {
      if (left(grant, stamp) <= 0) {
        end(lost());
      } else if (!promise.future().isComplete()) {
        promise.complete(
            new LeaseHandle(scheduler, caller, service, request, grant, stamp, options, renew));
      }
    }
  }

  private static void withdraw(PendingLock pending) {
    if (pending != null) {
      CallerContext.run(pending.scheduler, () -> pending.end(pending.withdrawn()));
    }
  }
}
