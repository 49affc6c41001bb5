package dev.conclave.task;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Moments of the calendar, on the wall clock. A clock that is set back repeats none of them.
 *
 * <p>What passes during a run is given up, unless each tick is run once in the cluster: then the
 * last of them is due right after, since nobody else may have run it.
 */
final class CalendarPace implements Pace {
  private final Scheduler scheduler;
  private final Ticks ticks;
  private final boolean keeps;
  private final Instant begin;
  private Optional<Instant> next;

  CalendarPace(Scheduler scheduler, Ticks ticks, Duration initialDelay, boolean keeps) {
    this.scheduler = scheduler;
    this.ticks = ticks;
    this.keeps = keeps;
    this.begin = scheduler.now();
    this.next = ticks.next(begin.plus(initialDelay));
  }

  @Override
  public long untilDue() {
    return next.map(tick -> nanosUntil(tick)).orElse(NEVER);
  }

  @Override
  public Fire take() {
    Instant now = scheduler.now();
    Instant tick = next.orElseThrow();
    next = ticks.next(tick);
    if (next.isEmpty() || next.get().isAfter(now)) {
      return new Fire(tick, 0);
    }
    Instant last = ticks.last(now).orElse(tick);
    next = ticks.next(last);
    return new Fire(last, 1);
  }

  @Override
  public long ended() {
    if (keeps || untilDue() > 0) {
      return 0;
    }
    next = ticks.next(scheduler.now());
    return 1;
  }

  @Override
  public Optional<Instant> next() {
    return next;
  }

  @Override
  public Optional<Instant> before() {
    return keeps ? ticks.last(begin) : Optional.empty();
  }

  private long nanosUntil(Instant tick) {
    Duration left = Duration.between(scheduler.now(), tick);
    return left.compareTo(Duration.ofDays(10_000)) > 0 ? NEVER : left.toNanos();
  }
}
