package dev.conclave.task.schedule;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** A period from the start of a run to the start of the next, on the monotonic clock. */
final class FixedRate implements Schedule {
  private final Scheduler scheduler;
  private final long period;
  private long dueAt;

  FixedRate(Scheduler scheduler, Duration period, Duration initialDelay) {
    this.scheduler = scheduler;
    this.period = period.toNanos();
    this.dueAt = scheduler.nanoTime() + initialDelay.toNanos();
  }

  @Override
  public long untilDue() {
    return dueAt - scheduler.nanoTime();
  }

  @Override
  public Fire take() {
    long missed = Math.max(0, -untilDue() / period);
    Instant at = scheduler.now().plusNanos(untilDue() + missed * period);
    dueAt += (missed + 1) * period;
    return new Fire(at, missed);
  }

  @Override
  public long ended() {
    long late = -untilDue();
    long missed = late < 0 ? 0 : late / period + 1;
    dueAt += missed * period;
    return missed;
  }

  @Override
  public Optional<Instant> next() {
    return Optional.of(scheduler.now().plusNanos(untilDue()));
  }
}
