package dev.conclave.task.schedule;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Moments of the calendar, on the wall clock. A clock that is set back a little repeats none of
 * them. When it is set back further than {@link Ticks#CLOCK_TOLERANCE} behind the last tick, it was
 * wrong before: then the calendar starts again at the new time.
 *
 * <p>Ticks that pass during a run are dropped, unless each tick is run once in the cluster: then
 * the last of them is due right after the run, because no other machine may have run it.
 */
final class TickSchedule implements Schedule {
  private static final Duration FARTHEST = Duration.ofDays(10_000);

  private final Scheduler scheduler;
  private final Ticks ticks;
  private final boolean keeps;
  private final Instant begin;
  private Instant reached;
  private Optional<Instant> next;

  TickSchedule(Scheduler scheduler, Ticks ticks, Duration initialDelay, boolean keeps) {
    this.scheduler = scheduler;
    this.ticks = ticks;
    this.keeps = keeps;
    this.begin = scheduler.now();
    this.reached = begin;
    this.next = ticks.next(begin.plus(initialDelay));
  }

  @Override
  public long untilDue() {
    return next.map(tick -> nanosUntil(tick)).orElse(NEVER);
  }

  @Override
  public Fire take() {
    Fire fire = fire(scheduler.now());
    reached = fire.at();
    return fire;
  }

  private Fire fire(Instant now) {
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
  public boolean rewind() {
    Instant now = scheduler.now();
    if (!now.plus(Ticks.CLOCK_TOLERANCE).isBefore(reached)) {
      return false;
    }
    reached = now;
    next = ticks.next(now);
    return true;
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
    // The clock may be set during the wait, so even a tick that lies years ahead is waited for.
    return left.compareTo(FARTHEST) > 0
        ? FARTHEST.toNanos()
        : left.compareTo(FARTHEST.negated()) < 0 ? 0 : left.toNanos();
  }
}
