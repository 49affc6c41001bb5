package dev.conclave.task;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When one task is due on this machine. To be used on the scheduler's thread. */
interface Schedule {
  /** {@link #untilDue()} of what is never due. */
  long NEVER = Long.MAX_VALUE;

  /**
   * A moment the task is due.
   *
   * @param at the moment the run is for
   * @param missed how many moments before it passed without a run, or 1 for not counted
   */
  record Fire(Instant at, long missed) {}

  /** The pace of a task, beginning now. */
  static Schedule of(TaskDefinition task, Scheduler scheduler) {
    Timing timing = task.timing();
    boolean once = task.isOncePerTick();
    return switch (timing.kind()) {
      case CRON -> new TickSchedule(scheduler, timing.cron()::next, Duration.ZERO, once);
      case FIXED_RATE ->
          once
              ? new TickSchedule(scheduler, Ticks.grid(timing.period()), task.initialDelay(), true)
              : new FixedRate(scheduler, timing.period(), task.initialDelay());
      case EVERY -> new FixedDelay(scheduler, timing.period(), task.initialDelay(), once);
    };
  }

  /** Nanoseconds until it is due; not positive when it is. */
  long untilDue();

  /** The moment that is due, the last one if there are several; goes on to the next. */
  Fire take();

  /** A run has ended; answers how many moments have passed because of it and are given up. */
  long ended();

  /** Begins anew when the wall clock was set back far; answers whether it was. */
  default boolean rewind() {
    return false;
  }

  /** The moment the next run is for, or empty when there is none or it is not known yet. */
  Optional<Instant> next();

  /** A moment before the start that nobody may have run yet; empty when that is of no concern. */
  default Optional<Instant> before() {
    return Optional.empty();
  }
}
