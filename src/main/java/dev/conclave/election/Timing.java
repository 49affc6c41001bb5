package dev.conclave.election;

import dev.conclave.lease.Attempt;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/** An election's times, in nanoseconds. */
final class Timing {
  /** Waiting for an expiry adds this much, so that rounding does not make it too early. */
  private static final long AFTER_EXPIRY = TimeUnit.MILLISECONDS.toNanos(1);

  /** The shortest wait for an expiry. */
  private static final long SHORTEST_WAIT = TimeUnit.MILLISECONDS.toNanos(5);

  /** The most polls that hints may add per retry interval. */
  private static final int HINTS_PER_RETRY = 10;

  /** A position in the queue outlives so many missed polls. */
  private static final int POLLS_IN_QUEUE = 3;

  final Duration lease;
  final Duration patience;
  final long validity;
  final long backendTimeout;
  final long stopTimeout;
  final long errorInterval;
  final long hintSpacing;
  private final long retry;
  private final double jitter;
  private final DoubleSupplier random;

  /**
   * @param random returns numbers from 0 to 1
   */
  Timing(LeaderElectionOptions options, DoubleSupplier random) {
    this.lease = Duration.ofMillis(options.getLeaseDuration());
    this.patience = Duration.ofMillis(POLLS_IN_QUEUE * options.getRetryInterval());
    this.validity =
        Math.min(
            TimeUnit.MILLISECONDS.toNanos(options.getRenewDeadline()),
            Attempt.validUntil(0, lease.toNanos()));
    this.retry = TimeUnit.MILLISECONDS.toNanos(options.getRetryInterval());
    this.backendTimeout = TimeUnit.MILLISECONDS.toNanos(options.getBackendTimeout());
    this.stopTimeout = TimeUnit.MILLISECONDS.toNanos(options.getStopTimeout());
    this.errorInterval = TimeUnit.MILLISECONDS.toNanos(options.getErrorInterval());
    this.hintSpacing = retry / HINTS_PER_RETRY;
    this.jitter = options.getJitter();
    this.random = random;
  }

  /** How long until the next poll: the retry interval, or a little less. */
  long nextRetry() {
    return (long) (retry * (1 - jitter * random.getAsDouble()));
  }

  /** How long until a lease with this much left has expired, from the arrival of the answer. */
  static long untilExpiry(Duration remaining) {
    return Math.max(SHORTEST_WAIT, remaining.toNanos() + AFTER_EXPIRY);
  }

  /** A time in which a worker does not campaign. On the scheduler's thread only. */
  static final class Cooldown {
    private boolean active;
    private long until;

    /** Begins or prolongs it; never shortens it. */
    void extend(long now, long duration) {
      if (duration > 0 && (!active || now + duration - until > 0)) {
        active = true;
        until = now + duration;
      }
    }

    /** Whether it lasts at this moment. Once over, it stays over. */
    boolean lasts(long now) {
      active = active && now - until < 0;
      return active;
    }

    /** The moment at which it ends; empty once it is over. */
    OptionalLong end() {
      return active ? OptionalLong.of(until) : OptionalLong.empty();
    }
  }
}
