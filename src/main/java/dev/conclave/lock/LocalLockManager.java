package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.ProcessLabel;
import dev.conclave.lease.Tokens;
import dev.conclave.lock.WaitQueue.Waiter;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * A {@link LockManager} in this process. It may be called from any thread and completes on the
 * caller's context.
 *
 * <ol>
 *   <li>A request that may wait joins the {@link WaitQueue} of its lock. Any other makes one
 *       attempt.
 *   <li>Every request to the backend is bounded by {@code backendTimeout}. A wait goes on after one
 *       without an answer.
 *   <li>A release also ends the waits of its token, here and at the other instances on the
 *       addresses where this one listens ({@link LockEndpoint}).
 *   <li>{@link #close()} ends every wait and releases what its requests may have acquired.
 * </ol>
 */
final class LocalLockManager implements LockManager {
  private final Vertx vertx;
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final String address;
  private final long maxWait;
  private final int maxWaiters;
  private final Backoff backoff;
  private final String owner = ProcessLabel.get();
  private final Map<String, WaitQueue> queues = new HashMap<>();
  private final LockBackend lockBackend;
  private final LockEndpoint endpoint;
  private int waiting;
  private MessageConsumer<JsonObject> consumer;
  private boolean ended;
  private Future<Void> closing;

  LocalLockManager(
      Vertx vertx, Scheduler scheduler, SyncBackend backend, LockServiceOptions options) {
    this(vertx, scheduler, backend, options, () -> ThreadLocalRandom.current().nextDouble());
  }

  /**
   * @param vertx whose event bus {@link #start} uses
   * @param random returns numbers from 0 to 1 that spread retries
   */
  LocalLockManager(
      Vertx vertx,
      Scheduler scheduler,
      SyncBackend backend,
      LockServiceOptions options,
      DoubleSupplier random) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.backend = backend;
    this.backoff = Backoff.jittered(Duration.ofMillis(50), Duration.ofSeconds(2), random);
    LockServiceOptions valid = new LockServiceOptions(options).validate();
    this.address = valid.getAddress();
    this.maxWait = valid.getMaxWait();
    this.maxWaiters = valid.getMaxWaiters();
    this.lockBackend = new LockBackend(scheduler, backend, valid.getBackendTimeout());
    this.endpoint =
        new LockEndpoint(
            (name, token) -> CallerContext.run(scheduler, () -> withdraw(name, token)));
  }

  @Override
  public Future<LockGrant> acquire(LockRequest request) {
    return serve(() -> acquireHere(request));
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return serve(
        () ->
            lockBackend
                .request(
                    () ->
                        backend.extend(
                            LeaseKey.lock(name), token, Duration.ofMillis(leaseDuration)))
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
          LeaseRequest.checkToken(token);
          Future<Boolean> released = lockBackend.request(() -> backend.release(key, token));
          withdraw(name, token);
          released.onComplete(
              outcome -> {
                if (outcome.failed() || !outcome.result()) {
                  endpoint.withdraw(name, token);
                }
              });
          return released;
        });
  }

  /** Ends the waits of this token here. */
  private void withdraw(String name, String token) {
    WaitQueue queue = queues.get(name);
    if (queue != null) {
      queue.withdraw(token);
    }
  }

  /** Listens at this address; see {@link LockService#bind}. */
  MessageConsumer<JsonObject> bind(Vertx vertx, String address) {
    return endpoint.bind(vertx, address, this);
  }

  @Override
  public Future<Boolean> locked(String name) {
    return serve(
        () ->
            lockBackend.request(() -> backend.find(LeaseKey.lock(name))).map(Optional::isPresent));
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    return serve(() -> lockBackend.request(() -> backend.owns(LeaseKey.lock(name), token)));
  }

  @Override
  public Future<LockInfo> find(String name) {
    return serve(
        () ->
            lockBackend
                .request(() -> backend.find(LeaseKey.lock(name)))
                .map(lease -> lease.map(LocalLockManager::info).orElse(null)));
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    return serve(
        () ->
            lockBackend
                .request(
                    () ->
                        backend.list(LeaseKey.Kind.LOCK, prefix == null ? "" : prefix, page, limit))
                .map(
                    found ->
                        new LockPage()
                            .setLocks(found.leases().stream().map(LocalLockManager::info).toList())
                            .setNext(found.next())));
  }

  @Override
  public Future<Boolean> revoke(String name) {
    return serve(() -> lockBackend.request(() -> backend.revoke(LeaseKey.lock(name))));
  }

  @Override
  public Future<Void> start() {
    return CallerContext.call(
        scheduler,
        () -> {
          if (closing != null) {
            return Future.failedFuture(LockFailures.closed());
          }
          if (consumer == null) {
            consumer = LockService.bind(vertx, address, this);
          }
          return consumer.completion();
        });
  }

  @Override
  public Future<Void> close() {
    return CallerContext.call(
        scheduler,
        () -> {
          if (closing == null) {
            Promise<Void> closed = Promise.promise();
            closing = closed.future(); // before handlers of failed waits run, which may call this
            (consumer == null ? Future.succeededFuture() : consumer.unregister())
                .eventually(() -> CallerContext.call(scheduler, this::end))
                .<Void>mapEmpty()
                .onComplete(closed);
          }
          return closing;
        });
  }

  private Future<Void> end() {
    ended = true;
    List.copyOf(queues.values()).forEach(queue -> queue.close(LockFailures.closed()));
    return lockBackend
        .request(lockBackend::allReleased)
        .transform(given -> Future.<Void>succeededFuture());
  }

  /** How many requests are waiting now. */
  int waiting() {
    return waiting;
  }

  /** For how many locks requests are waiting now. */
  int queues() {
    return queues.size();
  }

  private Future<LockGrant> acquireHere(LockRequest given) {
    LockRequest request = LockRequest.checked(given);
    if (request.getWaitTimeout() > maxWait) {
      throw ErrorCode.INVALID.failure(
          "waitTimeout "
              + request.getWaitTimeout()
              + " must be at most "
              + maxWait
              + " ms, the maxWait of this service");
    }
    boolean tokenFromCaller = request.getToken() != null;
    if (!tokenFromCaller) {
      request.setToken(Tokens.random());
    }
    if (request.getOwner() == null) {
      request.setOwner(owner);
    }
    Waiter waiter = new Waiter(request, tokenFromCaller, scheduler.nanoTime());
    if (request.getWaitTimeout() == 0) {
      tryOnce(waiter);
    } else if (waiting >= maxWaiters) {
      throw ErrorCode.OVERLOADED.failure(
          "maxWaiters " + maxWaiters + " requests are waiting for locks already");
    } else {
      enqueue(waiter);
    }
    return waiter.promise.future();
  }

  private void enqueue(Waiter waiter) {
    String name = waiter.request.getName();
    WaitQueue queue =
        queues.computeIfAbsent(
            name,
            n ->
                new WaitQueue(
                    scheduler,
                    backend,
                    lockBackend,
                    backoff,
                    emptied -> queues.remove(n, emptied)));
    waiting++;
    waiter.promise.future().onComplete(ended -> waiting--);
    queue.join(waiter);
  }

  private void tryOnce(Waiter waiter) {
    lockBackend
        .attemptOnce(waiter)
        .onSuccess(
            answer -> {
              if (answer.acquisition() instanceof Acquisition.Refused refused) {
                waiter.fail(LockFailures.timeout(waiter.request, refused.holder(), Duration.ZERO));
              } else {
                waiter.grant(answer.fencingToken(), answer.sentAt());
              }
            })
        .onFailure(waiter::fail);
  }

  private <T> Future<T> serve(Callable<Future<T>> call) {
    return CallerContext.call(
        scheduler, () -> ended ? Future.failedFuture(LockFailures.closed()) : call.call());
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
