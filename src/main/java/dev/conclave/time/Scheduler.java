package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.concurrent.Executor;

/**
 * The only source of time and the only thread of a state machine: everything it schedules or
 * executes runs one after the other. Tests implement it with a clock of their own.
 */
public interface Scheduler {

  /** The monotonic clock, in nanoseconds, by which all local validity is computed. */
  long nanoTime();

  /** The wall clock: for display and for calendars, never for leases. */
  Instant now();

  /** Runs the action soon, never within this call. May be called from any thread. */
  void execute(Runnable action);

  /**
   * Runs the action once the delay is over, never within this call. To be called on this
   * scheduler's thread only.
   *
   * @param delay in nanoseconds; zero or less is due at once
   */
  Timer schedule(long delay, Runnable action);

  /**
   * As {@link #schedule(long, Runnable)}, but the action may run earlier, together with another
   * timer of this kind. A scheduler may ignore that.
   *
   * @param delay in nanoseconds, as above
   * @param early how much earlier it may run, in nanoseconds
   */
  default Timer schedule(long delay, long early, Runnable action) {
    return schedule(delay, action);
  }

  /** Completes once the delay, in nanoseconds, is over. On this scheduler's thread only. */
  default Future<Void> after(long delay) {
    Promise<Void> over = Promise.promise();
    schedule(delay, over::complete);
    return over.future();
  }

  /** Whether the caller runs on this scheduler's thread. */
  boolean isCurrent();

  /**
   * Runs callbacks of the caller, one after the other, on the caller's Vert.x context. Without a
   * context, the scheduler decides where.
   */
  default Executor caller() {
    Context context = Vertx.currentContext();
    return context == null
        ? action -> execute(() -> CallerContext.guarded(action))
        : action -> CallerContext.runOn(context, () -> CallerContext.guarded(action));
  }

  /** Something that was scheduled. To be used on its scheduler's thread only. */
  @FunctionalInterface
  interface Timer {
    /** Cancels it; idempotent, and without effect after it has run. */
    void cancel();
  }
}
