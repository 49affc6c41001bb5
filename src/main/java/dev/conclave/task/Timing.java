package dev.conclave.task;

import dev.conclave.error.ErrorCode;
import dev.conclave.task.schedule.Schedule;
import dev.conclave.task.schedule.Ticks;
import dev.conclave.time.Scheduler;
import java.time.Duration;

/**
 * The schedule of a task as it was defined.
 *
 * @param period between runs; null for cron tasks
 * @param cron null for interval tasks
 */
record Timing(Kind kind, Duration period, Cron cron) {
  private static final Duration MIN = Duration.ofMillis(1);
  private static final Duration MAX = Duration.ofDays(3660);

  enum Kind {
    EVERY,
    FIXED_RATE,
    CRON
  }

  static Timing every(Duration interval) {
    return new Timing(Kind.EVERY, positive("interval", interval), null);
  }

  static Timing atFixedRate(Duration period) {
    return new Timing(Kind.FIXED_RATE, positive("period", period), null);
  }

  static Timing cron(Cron cron) {
    return new Timing(Kind.CRON, null, cron);
  }

  /** When the task is due on this machine, beginning now. */
  Schedule begin(Scheduler scheduler, Duration initialDelay, boolean oncePerTick) {
    return switch (kind) {
      case CRON -> Schedule.ticks(scheduler, cron::next, Duration.ZERO, oncePerTick);
      case FIXED_RATE ->
          oncePerTick
              ? Schedule.ticks(scheduler, Ticks.grid(period), initialDelay, true)
              : Schedule.fixedRate(scheduler, period, initialDelay);
      case EVERY -> Schedule.fixedDelay(scheduler, period, initialDelay, oncePerTick);
    };
  }

  static Duration positive(String what, Duration duration) {
    if (duration == null || duration.compareTo(MIN) < 0 || duration.compareTo(MAX) > 0) {
      throw ErrorCode.INVALID.failure(
          what + " " + duration + " must be from 1 ms to " + MAX.toDays() + " days");
    }
    return duration;
  }

  static Duration notNegative(String what, Duration duration) {
    if (duration == null || duration.isNegative() || duration.compareTo(MAX) > 0) {
      throw ErrorCode.INVALID.failure(
          what + " " + duration + " must be from 0 to " + MAX.toDays() + " days");
    }
    return duration;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case EVERY -> "every " + period;
      case FIXED_RATE -> "at fixed rate " + period;
      case CRON -> "cron " + cron;
    };
  }
}
