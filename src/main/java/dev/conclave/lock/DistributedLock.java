package dev.conclave.lock;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Function;

/**
 * One named lock, as a caller uses it: over a local {@link LockService} or a proxy alike.
 *
 * <p>It counts the time of a lease on this process's own monotonic clock, from before the request
 * was sent, so {@link LockHandle#isValid()} is right however long the bus took. It releases a grant
 * that came too late, and one that may have been made without an answer.
 *
 * <p>May be used from any thread; futures complete on the caller's context. Failures carry the
 * codes of {@link dev.conclave.error.ErrorCode}: {@code TIMEOUT}, {@code LOST}, {@code OVERLOADED},
 * {@code BACKEND_UNAVAILABLE}, {@code INVALID}, {@code CLOSED}.
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
   * runs, and releases it however the body ends. The body runs on the caller's context; that of a
   * plain thread runs on a worker thread of Vert.x. Code that blocks there delays no renewal.
   *
   * @param body receives the handle, for its fencing token and for {@link LockHandle#onLost}; an
   *     exception that it throws is its failure
   * @return the body's outcome, when the body has ended; {@code LOST} instead when the lock was
   *     lost meanwhile, and what {@link #acquire()} fails with when the body never ran
   */
  <T> Future<T> withLock(Function<LockHandle, Future<T>> body);

  /**
   * Acquires the lock until the handle is released or lost; renews it only with {@link
   * LockOptions#isRenew}.
   *
   * @return fails with {@code TIMEOUT} when others held it for the whole {@code waitTimeout}
   */
  Future<LockHandle> acquire();

  /**
   * As {@link #acquire()}, but fails with {@code CLOSED} when the signal succeeds or fails first.
   * Giving up leaves neither a lease nor a position in the queue.
   */
  Future<LockHandle> acquire(Future<?> giveUp);

  /** As {@link #acquire()} with one try and no waiting. */
  Future<LockHandle> tryAcquire();
}
