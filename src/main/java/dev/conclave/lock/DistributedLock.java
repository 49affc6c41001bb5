package dev.conclave.lock;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Function;

/**
 * One named lock, as a caller uses it: over a local {@link LockService} or a proxy alike.
 *
 * <p>It reckons the time of a lease on this process's own monotonic clock, from before the request
 * was sent, so what {@link LockHandle#isValid()} says is right however long the bus took. It gives
 * back what it was granted too late, and what it may have been granted without an answer.
 *
 * <p>May be used from any thread; answers come on the caller's context. Failures carry the codes of
 * {@link dev.conclave.error.ErrorCode}: {@code TIMEOUT}, {@code LOST}, {@code OVERLOADED}, {@code
 * BACKEND_UNAVAILABLE}, {@code INVALID}, {@code CLOSED}.
 */
public interface DistributedLock {

  /** A lock with the default options. */
  static DistributedLock create(Vertx vertx, LockService service, String name) {
    return create(vertx, service, name, new LockOptions());
  }

  /**
   * A lock.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@code INVALID} when the name or an option
   *     breaks a rule
   */
  static DistributedLock create(
      Vertx vertx, LockService service, String name, LockOptions options) {
    return new ServiceLock(vertx, service, name, options);
  }

  /** The lock's name. */
  String name();

  /**
   * Acquires the lock, runs the body, renews the lease at a third of its duration while the body
   * runs, and releases it whatever comes of the body. The body runs on the caller's context; that
   * of a plain thread runs on a worker thread of Vert.x. Code that blocks there holds up no
   * renewal.
   *
   * @param body gets the handle, for its fencing token and for {@link LockHandle#onLost}; what it
   *     throws counts as its failure
   * @return the body's outcome, when the body has ended; {@code LOST} instead when the lock was
   *     lost meanwhile, and what {@link #acquire()} fails with when the body never ran
   */
  <T> Future<T> withLock(Function<LockHandle, Future<T>> body);

  /**
   * Acquires the lock for as long as the handle's owner says; renews it only when the options say
   * so.
   *
   * @return fails with {@code TIMEOUT} when others held it for the whole {@code waitTimeout}
   */
  Future<LockHandle> acquire();

  /**
   * As {@link #acquire()}, but gives up with {@code CLOSED} when the signal completes first, either
   * way. Giving up leaves nothing behind.
   */
  Future<LockHandle> acquire(Future<?> giveUp);

  /** As {@link #acquire()} with one try and no waiting. */
  Future<LockHandle> tryAcquire();
}
