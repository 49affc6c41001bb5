package dev.conclave.bench.peers;

/** Locks that block the calling thread; a loop is a thread. */
public non-sealed interface BlockingLocks extends Locks {
  /** Acquires the lock, waiting if need be; throws when it was not granted. */
  Object acquire(String name) throws Exception;

  /** Gives back what {@link #acquire} answered, on the same thread. */
  void release(String name, Object held) throws Exception;

  /** As {@link #acquire}, with a lease that is renewed automatically for as long as it is held. */
  default Object hold(String name) throws Exception {
    throw new UnsupportedOperationException("has no automatic renewal");
  }
}
