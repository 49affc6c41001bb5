package dev.conclave.task;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Moments of the calendar that are the same for everybody: only {@link #next} has to be known. */
@FunctionalInterface
interface Ticks {
  /** How far into the past a tick is looked for. */
  Duration HORIZON = Duration.ofDays(366L * 9);

  /** The first tick after the moment, or empty when there is none any more. */
  Optional<Instant> next(Instant after);

  /** Multiples of the period since 1970. */
  static Ticks grid(Duration period) {
    long millis = period.toMillis();
    return after ->
        Optional.of(
            Instant.ofEpochMilli((Math.floorDiv(after.toEpochMilli(), millis) + 1) * millis));
  }

  /**
   * The last tick that is not after the moment, if there is one within {@link #HORIZON}: steps back
   * further and further until a tick lies ahead, then halves the span that holds the last one.
   */
  default Optional<Instant> last(Instant notAfter) {
    Duration back = Duration.ofSeconds(1);
    Instant found = null;
    while (found == null && back.compareTo(HORIZON) < 0) {
      Instant begin = notAfter.minus(back);
      found = next(begin).filter(tick -> !tick.isAfter(notAfter)).orElse(null);
      if (found == null) {
        back = back.multipliedBy(2);
      }
    }
    if (found == null) {
      return Optional.empty();
    }
    // No tick lies after `none` up to the moment, and one may lie between what was found and it.
    Instant none = notAfter;
    while (Duration.between(found, none).toMillis() > 1) {
      Instant middle = found.plus(Duration.between(found, none).dividedBy(2));
      Instant later = next(middle).filter(tick -> !tick.isAfter(notAfter)).orElse(null);
      if (later == null) {
        none = middle;
      } else {
        found = later;
      }
    }
    return Optional.of(found);
  }
}
