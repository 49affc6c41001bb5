package dev.conclave.task.schedule;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When one task is due on this machine. To be used on the scheduler's thread. */
public interface Schedule {
  /** The {@link #untilDue()} of a schedule that is never due. */
  long NEVER = Long.MAX_VALUE;

  /**
   * A moment the task is due.
   *
   * @param at the moment the run is for
   * @param missed how many earlier moments passed without a run; 1 for any number of ticks, which
   *     are not counted
   */
  record Fire(Instant at, long missed) {}

  /** A fixed time from the start of a run to the start of the next. */
  static Schedule fixedRate(Scheduler scheduler, Duration period, Duration initialDelay) {
    return new FixedRate(scheduler, period, initialDelay);
  }

  /**
   * A fixed time from the end of a run to the start of the next.
   *
   * @param slots whether a run is for a multiple of the interval instead of its own moment
   */
  static Schedule fixedDelay(
      Scheduler scheduler, Duration interval, Duration initialDelay, boolean slots) {
    return new FixedDelay(scheduler, interval, initialDelay, slots);
  }

  /**
   * The moments of a calendar.
   *
   * @param keeps whether a tick that passes during a run is due right after it
   */
  static Schedule ticks(Scheduler scheduler, Ticks ticks, Duration initialDelay, boolean keeps) {
    return new TickSchedule(scheduler, ticks, initialDelay, keeps);
  }

  /** Nanoseconds until it is due; not positive when it is. */
  long untilDue();

  /** Takes the moment that is due, the last one if there are several, and advances to the next. */
  Fire take();

  /** A run has ended; returns how many moments passed because of it and are dropped. */
  long ended();

  /** Starts again if the wall clock was set back far; returns whether it was. */
  default boolean rewind() {
    return false;
  }

  /** The moment of the next run, or empty when there is none or it is not known yet. */
  Optional<Instant> next();

  /**
   * The last moment before the start, which may not have been run yet; empty unless each tick is
   * run once.
   */
  default Optional<Instant> before() {
    return Optional.empty();
  }
}
