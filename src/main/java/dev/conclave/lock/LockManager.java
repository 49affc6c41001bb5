package dev.conclave.lock;

import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Schedulers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * The lock service of this process. It works until it is closed, and can be called directly or,
 * once it is started, over the event bus. May be used from any thread.
 */
public interface LockManager extends LockService {

  /**
   * A lock service that does not depend on the verticle that this is called from.
   *
   * @param backend the caller closes it, after {@link #close()}
   * @throws io.vertx.serviceproxy.ServiceException {@code INVALID} when the options break a rule
   */
  static LockManager create(Vertx vertx, SyncBackend backend, LockServiceOptions options) {
    return new LocalLockManager(vertx, Schedulers.of(vertx).own(), backend, options);
  }

  /**
   * Begins to serve {@link LockService} on the options' address, on the service's own thread: a
   * renewal that arrives over the bus does not wait for a worker. Idempotent; fails with {@code
   * CLOSED} after {@link #close()}.
   */
  Future<Void> start();

  /**
   * Ends the service on the bus, then fails every wait and every later call with {@code CLOSED}.
   * Held locks stay with their holders. Completes when the queue positions of the waiters have been
   * released, or after {@code backendTimeout}. Idempotent.
   */
  Future<Void> close();
}
