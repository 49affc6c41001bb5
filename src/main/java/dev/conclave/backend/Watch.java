package dev.conclave.backend;

/** A registration made by {@link SyncBackend#watch}, for its owner to end. */
@FunctionalInterface
public interface Watch extends AutoCloseable {
  /** Ends the hints; idempotent. A hint that is under way may still arrive. */
  @Override
  void close();
}
