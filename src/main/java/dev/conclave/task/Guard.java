package dev.conclave.task;

import io.vertx.core.Future;
import java.time.Instant;

/** One thing that must be held for a run. */
@FunctionalInterface
interface Guard {
  /**
   * Takes it for the run of this fire time.
   *
   * @return what is held; fails with a {@link Refusal} when the run must not be, or with what the
   *     backend failed with
   */
  Future<Hold> take(Instant fireTime);

  /** Why a run must not be. */
  final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final TaskOutcome outcome;
    private final boolean settled;
    private final long again;

    private Refusal(TaskOutcome outcome, boolean settled, long again, String message) {
      super(message, null, false, false);
      this.outcome = outcome;
      this.settled = settled;
      this.again = again;
    }

    /**
     * Not now.
     *
     * @param again after how many nanoseconds it is worth asking again
     */
    static <T> Future<T> now(TaskOutcome outcome, long again, String message) {
      return Future.failedFuture(new Refusal(outcome, false, again, message));
    }

    /**
     * Not for this tick, ever.
     *
     * @param outcome null when there is nothing to tell
     */
    static <T> Future<T> ever(TaskOutcome outcome, String message) {
      return Future.failedFuture(new Refusal(outcome, true, 0, message));
    }

    /** A moment that passed. */
    static Refusal missed(String message) {
      return new Refusal(TaskOutcome.MISSED, true, 0, message);
    }

    TaskOutcome outcome() {
      return outcome;
    }

    boolean isSettled() {
      return settled;
    }

    long again() {
      return again;
    }
  }

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
}
