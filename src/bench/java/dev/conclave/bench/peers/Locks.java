package dev.conclave.bench.peers;

/**
 * Something that locks. One of {@link AsyncLocks} and {@link BlockingLocks}; the loops drive both.
 */
public sealed interface Locks extends AutoCloseable permits AsyncLocks, BlockingLocks {
  /** How long an acquire waits for a lock that others hold. */
  long WAIT_MILLIS = 60_000;

  @Override
  default void close() throws Exception {}
}
