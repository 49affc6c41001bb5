package dev.conclave.task.schedule;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** An interval from the end of a run to the start of the next, on the monotonic clock. */
final class FixedDelay implements Schedule {
  private final Scheduler scheduler;
  private final Duration interval;
  private final boolean slots;
  private boolean waiting = true;
  private long dueAt;

  /**
   * @param slots whether a run is for a multiple of the interval instead of its own moment
   */
  FixedDelay(Scheduler scheduler, Duration interval, Duration initialDelay, boolean slots) {
    this.scheduler = scheduler;
    this.interval = interval;
    this.slots = slots;
    this.dueAt = scheduler.nanoTime() + initialDelay.toNanos();
  }

  @Override
  public long untilDue() {
    return waiting ? dueAt - scheduler.nanoTime() : NEVER;
  }

  @Override
  public Fire take() {
    waiting = false;
    Instant now = scheduler.now();
    if (!slots) {
      return new Fire(now, 0);
    }
    long millis = interval.toMillis();
    return new Fire(Instant.ofEpochMilli(Math.floorDiv(now.toEpochMilli(), millis) * millis), 0);
  }

  @Override
  public long ended() {
    waiting = true;
    dueAt = scheduler.nanoTime() + interval.toNanos();
    return 0;
  }

  @Override
  public Optional<Instant> next() {
    return waiting
        ? Optional.of(scheduler.now().plusNanos(Math.max(0, untilDue())))
        : Optional.empty();
  }
}
