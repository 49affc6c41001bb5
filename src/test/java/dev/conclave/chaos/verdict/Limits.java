package dev.conclave.chaos.verdict;

import java.time.Duration;

/** The times that workers and stores keep, and that the checks judge them by. */
public final class Limits {
  /** How long a call of the store may take, in milliseconds. */
  public static final long LOCK_TIMEOUT = 1_000;

  /** The longest lease of a lock client, in milliseconds. */
  public static final long LONGEST_LEASE = 1_800;

  /** How long a lock client waits at most, in milliseconds. */
  public static final long LONGEST_WAIT = 3_000;

  public static final Duration LEADER_LEASE = Duration.ofMillis(2_000);
  public static final Duration LEADER_RETRY = Duration.ofMillis(300);

  /** A worker leads so soon after all faults are healed, or after the leader's death. */
  public static final Duration LEADER_WITHIN = LEADER_LEASE.plus(LEADER_RETRY).plusSeconds(1);

  /** By how much leases may expire late, in nanoseconds. */
  public static final long LATE = 20_000_000;

  /** How long an offer stands, in nanoseconds. */
  public static final long OFFER = 500_000_000;

  /** Ends of a handle's validity that differ by less are one end, in nanoseconds. */
  public static final long SAME_END = 1_000_000;

  private Limits() {}
}
