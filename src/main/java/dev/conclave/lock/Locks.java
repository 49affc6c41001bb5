package dev.conclave.lock;

import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Function;

/**
 * Locks by name over one service, for names that are computed at run time.
 *
 * <p>May be used from any thread. Failures are those of {@link DistributedLock}.
 */
public interface Locks {

  /** The locks of a service in this process, or of a proxy. */
  static Locks over(Vertx vertx, LockService service) {
    return new Locks() {
      @Override
      public DistributedLock lock(String name, LockOptions options) {
        return DistributedLock.create(vertx, service, name, options);
      }

      @Override
      public LockService service() {
        return service;
      }
    };
  }

  /** The lock of this name, with the default options. */
  default DistributedLock lock(String name) {
    return lock(name, new LockOptions());
  }

  /**
   * The lock of this name.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@code INVALID} when the name or an option
   *     breaks a rule
   */
  DistributedLock lock(String name, LockOptions options);

  /** Runs the body under the lock of this name; see {@link DistributedLock#withLock}. */
  default <T> Future<T> withLock(String name, Function<LockHandle, Future<T>> body) {
    return withLock(name, new LockOptions(), body);
  }

  /** As {@link #withLock(String, Function)}, with these options. */
  default <T> Future<T> withLock(
      String name, LockOptions options, Function<LockHandle, Future<T>> body) {
    return CallerContext.attempt(() -> lock(name, options).withLock(body));
  }

  /** The service: requests with tokens of the caller's own, inspection, administration. */
  LockService service();
}
