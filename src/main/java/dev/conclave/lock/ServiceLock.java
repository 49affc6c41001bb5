package dev.conclave.lock;

import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.LeaseRules;
import dev.conclave.backend.support.ProcessLabel;
import dev.conclave.backend.support.Tokens;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Schedulers;
import dev.conclave.time.Validity;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A {@link Lock} over a service.
 *
 * <ol>
 *   <li>The token is chosen here, before the request is sent, so that it can be released whatever
 *       becomes of the answer.
 *   <li>An attempt ends with the first of: an answer, the caller giving up, a guard a little after
 *       the request's own deadline. An answer that comes after the end is released if it is a
 *       grant.
 *   <li>A grant whose validity is over when it arrives is no grant: it is released.
 * </ol>
 */
final class ServiceLock implements Lock {
  /** What an answer may take on top of the wait before it is given up. */
  private static final Duration GUARD = Duration.ofSeconds(10);

  private final LockService service;
  private final Supplier<Scheduler> schedulers;
  private final String name;
  private final LockOptions options;

  ServiceLock(Vertx vertx, LockService service, String name, LockOptions options) {
    this(() -> Schedulers.current(vertx), service, name, options);
  }

  ServiceLock(
      Supplier<Scheduler> schedulers, LockService service, String name, LockOptions options) {
    this.schedulers = schedulers;
    this.service = service;
    this.name = LeaseRules.checkName(name);
    this.options = new LockOptions(options).validate();
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
    return acquire(options.getWaitTimeout(), true, null)
        .compose(
            handle -> {
              Future<T> outcome;
              try {
                outcome = body.apply(handle);
              } catch (Throwable thrown) {
                outcome = Future.failedFuture(thrown);
              }
              return outcome.transform(result -> finish(handle, result));
            });
  }

  private static <T> Future<T> finish(LeaseHandle handle, AsyncResult<T> result) {
    Future<T> ended =
        result.succeeded()
            ? Future.succeededFuture(result.result())
            : Future.failedFuture(result.cause());
    return handle
        .end()
        .transform(
            released -> {
              Throwable lost = handle.lostBecause();
              return lost == null ? ended : Future.failedFuture(lost);
            });
  }

  private Future<LeaseHandle> acquire(long waitTimeout, boolean renew, Future<?> giveUp) {
    Scheduler scheduler = schedulers.get();
    Promise<LeaseHandle> promise = Promise.promise();
    if (scheduler.isCurrent()) {
      attempt(scheduler, waitTimeout, renew, giveUp, promise);
    } else {
      scheduler.execute(() -> attempt(scheduler, waitTimeout, renew, giveUp, promise));
    }
    return promise.future();
  }

  private void attempt(
      Scheduler scheduler,
      long waitTimeout,
      boolean renew,
      Future<?> giveUp,
      Promise<LeaseHandle> promise) {
    LockRequest request =
        new LockRequest()
            .setName(name)
            .setToken(Tokens.random())
            .setOwner(options.getOwner() == null ? ProcessLabel.get() : options.getOwner())
            .setLeaseDuration(options.getLeaseDuration())
            .setWaitTimeout(waitTimeout)
            .setMetadata(options.getMetadata());
    if (giveUp != null && giveUp.isComplete()) {
      promise.fail(withdrawn());
      return;
    }
    long sentAt = scheduler.nanoTime();
    Future<LockGrant> answer = service.acquire(request);
    if (answer.isComplete()) {
      answered(scheduler, sentAt, request, renew, answer, promise);
      return;
    }
    Scheduler.Timer guard =
        scheduler.schedule(
            Duration.ofMillis(waitTimeout).plus(GUARD).toNanos(),
            () ->
                end(
                    request,
                    promise,
                    ErrorCode.BACKEND_UNAVAILABLE.failure(
                        "the lock service did not answer the request for lock '" + name + "'")));
    if (giveUp != null) {
      giveUp.onComplete(signal -> onScheduler(scheduler, () -> end(request, promise, withdrawn())));
    }
    answer.onComplete(
        outcome ->
            onScheduler(
                scheduler,
                () -> {
                  guard.cancel();
                  answered(scheduler, sentAt, request, renew, outcome, promise);
                }));
  }

  private void end(LockRequest request, Promise<LeaseHandle> promise, Throwable reason) {
    if (promise.tryFail(reason)) {
      service.release(name, request.getToken());
    }
  }

  private Throwable withdrawn() {
    return ErrorCode.CLOSED.failure("the wait for lock '" + name + "' was given up");
  }

  private void answered(
      Scheduler scheduler,
      long sentAt,
      LockRequest request,
      boolean renew,
      AsyncResult<LockGrant> answer,
      Promise<LeaseHandle> promise) {
    if (answer.failed()) {
      promise.tryFail(answer.cause());
      return;
    }
    LockGrant grant = answer.result();
    long attemptSentAt = sentAt + Duration.ofMillis(grant.getWaited()).toNanos();
    long lease = Duration.ofMillis(grant.getLeaseDuration()).toNanos();
    if (promise.future().isComplete()) {
      service.release(name, request.getToken());
    } else if (scheduler.nanoTime() - Validity.until(attemptSentAt, lease) >= 0) {
      service.release(name, request.getToken());
      promise.tryFail(
          LockFailures.lost(name, "the answer came after the lease it told of was over"));
    } else {
      promise.tryComplete(
          new LeaseHandle(scheduler, service, request, grant, attemptSentAt, options, renew));
    }
  }

  private static void onScheduler(Scheduler scheduler, Runnable action) {
    if (scheduler.isCurrent()) {
      action.run();
    } else {
      scheduler.execute(action);
    }
  }
}
