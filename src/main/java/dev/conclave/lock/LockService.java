package dev.conclave.lock;

import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.annotations.Nullable;
import io.vertx.codegen.annotations.ProxyGen;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;

/**
 * Distributed locks, in this process or over the event bus through {@link #createProxy}. All
 * durations are milliseconds.
 *
 * <p>Most callers want {@link DistributedLock}, which keeps track of time, renews and always
 * releases.
 *
 * <p>Failures are {@link io.vertx.serviceproxy.ServiceException}s with the codes of {@link
 * dev.conclave.error.ErrorCode}, the same locally and over the bus. In addition to those named at
 * the methods, any call may fail with {@code BACKEND_UNAVAILABLE} (the store or, over the bus, the
 * service did not answer), {@code INVALID} (an argument breaks a rule) or {@code CLOSED}.
 *
 * <p>A service keeps no state of held locks: any instance on any machine can serve the next call.
 */
@ProxyGen
public interface LockService {
  /** Where a service listens unless configured otherwise. */
  String DEFAULT_ADDRESS = "conclave.locks";

  /**
   * Registers a service at this address, for {@link #createProxy proxies} and other clients. A
   * message that is not a call of this service is answered with {@code INVALID}.
   *
   * <p>Several instances may be bound to one address, in one process or in a cluster: each call
   * reaches one of them, and a {@link #release} that reaches one ends a wait at another, where both
   * are of {@link #create}.
   */
  @GenIgnore
  static MessageConsumer<JsonObject> bind(Vertx vertx, String address, LockService service) {
    return service instanceof LocalLockManager local
        ? local.bind(vertx, address)
        : LockEndpoint.bindAlone(vertx, address, service);
  }

  /** A proxy for the service at the default address, with the default largest wait. */
  @GenIgnore
  static LockService createProxy(Vertx vertx) {
    return createProxy(vertx, new LockServiceOptions());
  }

  /**
   * A proxy for the service that was deployed with these options: its address, and a time to wait
   * for answers that is longer than the largest wait it allows.
   */
  @GenIgnore
  static LockService createProxy(Vertx vertx, LockServiceOptions options) {
    return new RemoteLockService(vertx, options.validate());
  }

  /**
   * Acquires the lock, waiting for at most the {@code waitTimeout} of the request. A token that
   * holds the lock already extends it and keeps its fencing token, so a retry is harmless.
   *
   * @return the grant; fails with {@code TIMEOUT} when others held the lock for the whole wait (the
   *     details name the holder's owner, age and remaining time) or {@code OVERLOADED} when too
   *     many wait already
   */
  Future<LockGrant> acquire(LockRequest request);

  /**
   * Sets the lock's remaining time. Never acquires.
   *
   * @return fails with {@code NOT_OWNER} when the token does not hold the lock now
   */
  Future<Void> extend(String name, String token, long leaseDuration);

  /**
   * Releases the lock, or ends the wait of a request with this token. Idempotent.
   *
   * @return whether the token held the lock
   */
  Future<Boolean> release(String name, String token);

  /** Whether the lock is held. */
  Future<Boolean> locked(String name);

  /** Whether this token holds the lock. */
  Future<Boolean> owned(String name, String token);

  /** The lock and its holder, or null when it is not held. Contains no token. */
  Future<@Nullable LockInfo> find(String name);

  /**
   * Lists the locks that are held and whose names begin with the prefix.
   *
   * @param page null for the first page, else {@link LockPage#getNext()} of the one before
   * @param limit the largest number of locks on the page, from 1 to 1000
   */
  Future<LockPage> list(String prefix, @Nullable String page, int limit);

  /**
   * Takes the lock away from its holder, for administration. The next holder gets a greater fencing
   * token; the next extend of the former holder fails.
   *
   * @return whether it was held
   */
  Future<Boolean> revoke(String name);
}
