package dev.conclave.time;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * How long to pause after a failure: the first pause, doubled with every further failure in a row,
 * up to the longest one. With jitter, up to half of it is dropped at random, so that many clients
 * do not return to a server at the same moment.
 */
public final class Backoff {
  private final long first;
  private final long longest;
  private final DoubleSupplier random;

  private Backoff(Duration first, Duration longest, DoubleSupplier random) {
    this.first = first.toNanos();
    this.longest = longest.toNanos();
    this.random = random;
  }

  /** Pauses without jitter. */
  public static Backoff exact(Duration first, Duration longest) {
    return new Backoff(first, longest, () -> 1);
  }

  /** Pauses with jitter. */
  public static Backoff jittered(Duration first, Duration longest) {
    return jittered(first, longest, () -> ThreadLocalRandom.current().nextDouble());
  }

  /**
   * Pauses with jitter.
   *
   * @param random returns numbers from 0 to 1; 1 is the full pause
   */
  public static Backoff jittered(Duration first, Duration longest, DoubleSupplier random) {
    return new Backoff(first, longest, random);
  }

  /**
   * The pause, in nanoseconds, after so many failures in a row.
   *
   * @param failures from 1 on
   */
  public long after(int failures) {
    return (long) (full(failures) * (1 + random.getAsDouble()) / 2);
  }

  private long full(int failures) {
    int doublings = failures - 1;
    boolean overflows = first > Long.MAX_VALUE >> Math.min(doublings, 62);
    return overflows ? longest : Math.min(longest, first << doublings);
  }
}
