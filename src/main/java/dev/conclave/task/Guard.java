package dev.conclave.task;

import io.vertx.core.Future;
import java.time.Instant;

/** One condition of a run: a lock, a leadership, a tick. */
@FunctionalInterface
interface Guard {
  /**
   * Takes it for the run with this fire time.
   *
   * @return what is held; fails with a {@link Refusal} when the run must not begin, or with the
   *     failure of the backend
   */
  Future<Hold> take(Instant fireTime);

  /** Why a run must not begin. */
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
     * The run must not begin now.
     *
     * @param again after how many nanoseconds a retry makes sense
     */
    static <T> Future<T> now(TaskOutcome outcome, long again, String message) {
      return Future.failedFuture(new Refusal(outcome, false, again, message));
    }

    /**
     * The run must never begin for this tick.
     *
     * @param outcome null when there is nothing to report
     */
    static <T> Future<T> ever(TaskOutcome outcome, String message) {
      return Future.failedFuture(new Refusal(outcome, true, 0, message));
    }

    /** The moment has passed. */
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

  /** What a guard holds for a run. */
  interface Hold {
    /** True only if it is certainly still held. */
    boolean isValid();

    /** Calls the handler when it is lost, possibly more than once. */
    void onLost(Runnable handler);

    /** Its fencing token, for {@link TaskContext#fencingToken()}. */
    long fencingToken();

    /** The order of fencing tokens: the one with the smallest rank is the run's. */
    int rank();

    /**
     * Releases it; does not fail.
     *
     * @param ran whether the body has begun
     * @return false when it was certainly not held to the end
     */
    Future<Boolean> release(boolean ran);

    /** A hold that cannot be lost and needs no release. */
    interface Permanent extends Hold {
      @Override
      default boolean isValid() {
        return true;
      }

      @Override
      default void onLost(Runnable handler) {
        // It is never lost.
      }

      @Override
      default Future<Boolean> release(boolean ran) {
        return Future.succeededFuture(true);
      }
    }
  }
}
