package dev.conclave.task.schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Moments of the calendar that are the same on every machine, defined by {@link #next}. */
@FunctionalInterface
public interface Ticks {
  /** How far into the past a tick is searched for. */
  Duration HORIZON = Duration.ofDays(366L * 9);

  /** The first tick after the moment, or empty when there is none. */
  Optional<Instant> next(Instant after);

  /** How much wall clocks may differ. */
  Duration CLOCK_TOLERANCE = Duration.ofMinutes(5);

  /** Multiples of the period since 1970. */
  static Ticks grid(Duration period) {
    long millis = period.toMillis();
    return after ->
        Optional.of(
            Instant.ofEpochMilli((Math.floorDiv(after.toEpochMilli(), millis) + 1) * millis));
  }

  /**
   * The last tick that is not after the moment, if there is one within {@link #HORIZON}: steps back
   * in growing steps until a tick lies ahead, then halves the span that contains the last one.
   */
  default Optional<Instant> last(Instant notAfter) {
    Instant found = null;
    for (Duration back = Duration.ofSeconds(1); found == null; back = back.multipliedBy(2)) {
      boolean all = back.compareTo(HORIZON) >= 0;
      found = between(notAfter.minus(all ? HORIZON : back), notAfter);
      if (found == null && all) {
        return Optional.empty();
      }
    }
    // No tick lies after `none` up to the moment. A tick may lie between `found` and `none`.
    Instant none = notAfter;
    while (found.isBefore(none)) {
      Instant middle = found.plus(Duration.between(found, none).dividedBy(2));
      Instant later = between(middle, notAfter);
      if (later == null) {
        none = middle;
      } else {
        found = later;
      }
    }
    return Optional.of(found);
  }

  private Instant between(Instant after, Instant notAfter) {
    return next(after).filter(tick -> !tick.isAfter(notAfter)).orElse(null);
  }
}
