package dev.conclave.bench.peers;

import io.vertx.core.Future;

/** Locks that answer with futures. Called on one Vert.x context. */
public non-sealed interface AsyncLocks extends Locks {
  /**
   * Acquires the lock, waiting if need be.
   *
   * @param who the number of the asking loop: one holder is never two loops
   * @return what {@link #release} needs; fails when the lock was not granted
   */
  Future<?> acquire(String name, long who);

  /** Gives back what {@link #acquire} answered. */
  Future<?> release(String name, long who, Object held);

  /** As {@link #acquire}, with a lease that is renewed automatically for as long as it is held. */
  default Future<?> hold(String name, long who) {
    return Future.failedFuture(new UnsupportedOperationException("has no automatic renewal"));
  }

  /** Gives back what {@link #hold} answered. */
  default Future<?> letGo(String name, long who, Object held) {
    return release(name, who, held);
  }
}
