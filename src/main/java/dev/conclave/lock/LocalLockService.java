package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseKind;
import dev.conclave.backend.LeaseRules;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.ProcessLabel;
import dev.conclave.backend.support.Tokens;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The lock service of this process. It may be called from any thread and answers on the caller's
 * context.
 *
 * <ol>
 *   <li>A request that may wait joins the {@link WaitLine} of its lock; one that may not asks the
 *       backend once.
 *   <li>Every call of the backend that no deadline of a waiter bounds is bounded by {@code
 *       backendTimeout}.
 *   <li>{@link #close()} ends every wait and gives back what had been asked for.
 * </ol>
 */
public final class LocalLockService implements LockService {
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final LockServiceOptions options;
  private final Map<String, WaitLine> lines = new HashMap<>();
  private int waiting;
  private boolean closed;

  LocalLockService(Scheduler scheduler, SyncBackend backend, LockServiceOptions options) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.options = new LockServiceOptions(options).validate();
  }

  @Override
  public Future<LockGrant> acquire(LockRequest request) {
    return serve(() -> acquireHere(request));
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return serve(
        () ->
            bounded(backend.extend(LeaseKey.lock(name), token, Duration.ofMillis(leaseDuration)))
                .compose(
                    extended ->
                        extended
                            ? Future.succeededFuture()
                            : Future.failedFuture(LockFailures.notOwner(name))));
  }

  @Override
  public Future<Boolean> release(String name, String token) {
    return serve(
        () -> {
          LeaseKey key = LeaseKey.lock(name);
          LeaseRules.checkToken(token);
          WaitLine line = lines.get(name);
          if (line != null) {
            line.withdraw(token);
          }
          return bounded(backend.release(key, token));
        });
  }

  @Override
  public Future<Boolean> locked(String name) {
    return serve(() -> bounded(backend.find(LeaseKey.lock(name))).map(Optional::isPresent));
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    return serve(() -> bounded(backend.owns(LeaseKey.lock(name), token)));
  }

  @Override
  public Future<LockInfo> find(String name) {
    return serve(
        () ->
            bounded(backend.find(LeaseKey.lock(name)))
                .map(lease -> lease.map(LocalLockService::info).orElse(null)));
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    return serve(
        () ->
            bounded(backend.list(LeaseKind.LOCK, prefix == null ? "" : prefix, page, limit))
                .map(
                    found ->
                        new LockPage()
                            .setLocks(found.leases().stream().map(LocalLockService::info).toList())
                            .setNext(found.next())));
  }

  @Override
  public Future<Boolean> revoke(String name) {
    return serve(() -> bounded(backend.revoke(LeaseKey.lock(name))));
  }

  /**
   * Fails every wait and every later call with {@code CLOSED}; idempotent. Locks that are held stay
   * their holders'. Completes when the places of the waiters have been given back, or {@code
   * backendTimeout} is over.
   */
  public Future<Void> close() {
    return onScheduler(
        () -> {
          if (closed) {
            return Future.succeededFuture();
          }
          closed = true;
          List<Future<Void>> ends = new ArrayList<>();
          for (WaitLine line : List.copyOf(lines.values())) {
            ends.add(line.close(LockFailures.closed()));
          }
          return bounded(Future.join(ends)).transform(ended -> Future.succeededFuture());
        });
  }

  /** How many requests are waiting now. */
  int waiting() {
    return waiting;
  }

  private Future<LockGrant> acquireHere(LockRequest asked) {
    LockRequest request = new LockRequest(asked).validate();
    if (request.getWaitTimeout() > options.getMaxWait()) {
      throw ErrorCode.INVALID.failure(
          "waitTimeout "
              + request.getWaitTimeout()
              + " must be at most "
              + options.getMaxWait()
              + " ms, the maxWait of this service");
    }
    if (request.getToken() == null) {
      request.setToken(Tokens.random());
    }
    if (request.getOwner() == null) {
      request.setOwner(ProcessLabel.get());
    }
    Waiter waiter = new Waiter(request, scheduler.nanoTime());
    if (request.getWaitTimeout() == 0) {
      tryOnce(waiter);
    } else if (waiting >= options.getMaxWaiters()) {
      throw ErrorCode.OVERLOADED.failure(
          "maxWaiters " + options.getMaxWaiters() + " requests are waiting for locks already");
    } else {
      standInLine(waiter);
    }
    return waiter.promise.future();
  }

  private void standInLine(Waiter waiter) {
    String name = waiter.request.getName();
    WaitLine line = lines.get(name);
    if (line == null) {
      line = new WaitLine(scheduler, backend, () -> lines.remove(name));
      lines.put(name, line);
    }
    waiting++;
    waiter.promise.future().onComplete(ended -> waiting--);
    line.join(waiter);
  }

  private void tryOnce(Waiter waiter) {
    long sentAt = waiter.arrivedAt;
    Future<Acquisition> answer = backend.acquire(waiter.request.lease(waiter.key, null));
    bounded(answer)
        .onSuccess(
            acquisition -> {
              if (acquisition instanceof Acquisition.Granted granted) {
                long lease = waiter.request.getLeaseDuration() * 1_000_000;
                if (scheduler.nanoTime() - Validity.until(sentAt, lease) < 0) {
                  waiter.grant(granted.fencingToken(), sentAt);
                } else {
                  backend.release(waiter.key, waiter.request.getToken());
                  waiter.fail(LockFailures.timeout(waiter.request, null));
                }
              } else {
                Lease holder = ((Acquisition.Refused) acquisition).holder();
                waiter.fail(LockFailures.timeout(waiter.request, holder));
              }
            })
        .onFailure(
            cause -> {
              if (ErrorCode.BACKEND_UNAVAILABLE.is(cause)) {
                backend.release(waiter.key, waiter.request.getToken());
              }
              waiter.fail(cause);
            });
  }

  /** The call's own outcome, or a failure when it takes longer than a call may. */
  private <T> Future<T> bounded(Future<T> call) {
    if (call.isComplete()) {
      return call;
    }
    Promise<T> promise = Promise.promise();
    Scheduler.Timer timer =
        scheduler.schedule(
            Duration.ofMillis(options.getBackendTimeout()).toNanos(),
            () ->
                promise.tryFail(
                    ErrorCode.BACKEND_UNAVAILABLE.failure(
                        "the backend did not answer within "
                            + options.getBackendTimeout()
                            + " ms (backendTimeout)")));
    call.onComplete(
        outcome -> {
          if (scheduler.isCurrent()) {
            timer.cancel();
          }
          if (outcome.succeeded()) {
            promise.tryComplete(outcome.result());
          } else {
            promise.tryFail(LockFailures.unavailable(outcome.cause()));
          }
        });
    return promise.future();
  }

  private <T> Future<T> serve(Supplier<Future<T>> call) {
    return onScheduler(() -> closed ? Future.failedFuture(LockFailures.closed()) : call.get());
  }

  private <T> Future<T> onScheduler(Supplier<Future<T>> call) {
    if (scheduler.isCurrent()) {
      return run(call);
    }
    Context caller = Vertx.currentContext();
    Promise<T> promise = Promise.promise();
    scheduler.execute(
        () ->
            run(call)
                .onComplete(
                    outcome -> {
                      if (caller == null) {
                        promise.handle(outcome);
                      } else {
                        caller.runOnContext(v -> promise.handle(outcome));
                      }
                    }));
    return promise.future();
  }

  private static <T> Future<T> run(Supplier<Future<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
  }

  private static LockInfo info(Lease lease) {
    return new LockInfo()
        .setName(lease.key().name())
        .setOwner(lease.owner())
        .setFencingToken(lease.fencingToken())
        .setAge(lease.age().toMillis())
        .setRemaining(lease.remaining().toMillis())
        .setMetadata(lease.metadata());
  }
}
