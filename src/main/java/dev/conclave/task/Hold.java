package dev.conclave.task;

import io.vertx.core.Future;

/** One thing that a run holds. */
interface Hold {
  /** Whether it is surely still held. */
  boolean isValid();

  /** Calls the handler when it is lost. The handler must bear being called more than once. */
  void onLost(Runnable handler);

  /** Its number, for {@link TaskContext#fencingToken()}. */
  long fencingToken();

  /** Of several numbers, the one with the smallest rank counts. */
  int rank();

  /**
   * Gives it back; does not fail.
   *
   * @param ran whether the body was begun
   * @return false when it is plain that it was not held to the end
   */
  Future<Boolean> release(boolean ran);

  /** What cannot be lost, and has nothing to be given back. */
  interface Permanent extends Hold {
    @Override
    default boolean isValid() {
      return true;
    }

    @Override
    default void onLost(Runnable handler) {
      // It never is.
    }

    @Override
    default Future<Boolean> release(boolean ran) {
      return Future.succeededFuture(true);
    }
  }
}
