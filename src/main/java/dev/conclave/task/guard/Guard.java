package dev.conclave.task.guard;

import io.vertx.core.Future;
import java.time.Instant;

/** One condition of a run: a lock, a leadership, a tick. */
@FunctionalInterface
public interface Guard {
  /**
   * Takes it for the run with this fire time.
   *
   * @return what is held; fails with a {@link Refusal} when the run must not begin, or with the
   *     failure of the backend
   */
  Future<Hold> take(Instant fireTime);

  /** The reason of a refusal. */
  enum Reason {
    /** This worker does not lead. */
    NOT_LEADER,
    /** Another holder has the lock or has run the tick. */
    LOCKED,
    /** The tick lies far ahead of the store's clock. */
    CLOCK,
    /** The task is paused. */
    PAUSED
  }

  /** Why a run must not begin. */
  final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final boolean settled;
    private final long again;

    private Refusal(Reason reason, boolean settled, long again, String message) {
      super(message, null, false, false);
      this.reason = reason;
      this.settled = settled;
      this.again = again;
    }

    /**
     * The run must not begin now.
     *
     * @param again after how many nanoseconds a retry makes sense
     */
    static <T> Future<T> now(Reason reason, long again, String message) {
      return Future.failedFuture(new Refusal(reason, false, again, message));
    }

    /** The run must never begin for this tick. */
    static <T> Future<T> ever(Reason reason, String message) {
      return Future.failedFuture(new Refusal(reason, true, 0, message));
    }

    /** The moment has passed. */
    public static Refusal missed(String message) {
      return new Refusal(null, true, 0, message);
    }

    /** The reason; null for a moment that has passed. */
    public Reason reason() {
      return reason;
    }

    /** Whether the run must never begin for this tick. */
    public boolean isSettled() {
      return settled;
    }

    /** After how many nanoseconds a retry makes sense; 0 for unknown. */
    public long again() {
      return again;
    }
  }

  /** What a guard holds for a run. */
  interface Hold {
    /** True only if it is certainly still held. */
    boolean isValid();

    /** Calls the handler when it is lost, possibly more than once. */
    void onLost(Runnable handler);

    /** Its fencing token, for {@code TaskContext.fencingToken()}. */
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
