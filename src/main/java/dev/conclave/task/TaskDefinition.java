package dev.conclave.task;

import dev.conclave.backend.LeaseRules;
import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.time.Backoff;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One task: when it is due, what it must hold while it runs, and what it does.
 *
 * <p>A run takes what is asked for in this order, and gives it back in the reverse one: leadership,
 * the task's lock, resource locks, the tick. What can not be had ends the attempt without a trace.
 *
 * <p>Every method refuses what breaks a rule with {@link ErrorCode#INVALID} in one sentence, and
 * any change once the manager has started.
 */
public final class TaskDefinition {
  /** How long the task's lock outlives its last renewal, unless said otherwise: 60 s. */
  public static final Duration DEFAULT_LEASE = Duration.ofSeconds(60);

  private static final Duration LEAST_GRACE = Duration.ofSeconds(1);

  private final TaskRouter router;
  private final String name;
  private final TaskBody body;
  private final List<DistributedLock> locks = new ArrayList<>();
  private Timing timing;
  private Duration initialDelay = Duration.ZERO;
  private Duration jitter = Duration.ZERO;
  private Duration timeout;
  private Leadership leadership;
  private boolean taskLock;
  private Duration lease;
  private Duration minHold = Duration.ZERO;
  private boolean oncePerTick;
  private Duration misfireGrace;
  private boolean cancelOnLost;
  private int retries;
  private Duration backoff = Duration.ZERO;

  TaskDefinition(TaskRouter router, String name, Timing timing, TaskBody body) {
    this.router = router;
    this.name = LeaseRules.checkName(name);
    this.timing = timing;
    this.body = Objects.requireNonNull(body, "body");
  }

  /** The task's full name, with the prefixes of the routers that include it so far. */
  public String name() {
    return router.full(name);
  }

  /** The time zone of a cron task, by its name; UTC unless said otherwise. */
  public TaskDefinition zone(String zone) {
    return zone(Cron.zone(zone));
  }

  /** The time zone of a cron task; UTC unless said otherwise. */
  public TaskDefinition zone(ZoneId zone) {
    change();
    if (timing.kind() != Timing.Kind.CRON) {
      throw refused("zone " + zone + " needs a cron expression, an interval has no calendar");
    }
    timing = Timing.cron(timing.cron().in(zone));
    return this;
  }

  /** How long after the start an interval task runs first; at once unless said otherwise. */
  public TaskDefinition initialDelay(Duration delay) {
    change();
    if (timing.kind() == Timing.Kind.CRON) {
      throw refused("initialDelay " + delay + " needs an interval, a cron task has its calendar");
    }
    initialDelay = Timing.notNegative("initialDelay", delay);
    return this;
  }

  /** Delays each run by a random time up to this one, so that many machines do not act as one. */
  public TaskDefinition jitter(Duration most) {
    change();
    Timing.notNegative("jitter", most);
    if (timing.period() != null && most.compareTo(timing.period()) >= 0) {
      throw refused("jitter " + most + " must be less than the interval " + timing.period());
    }
    jitter = most;
    return this;
  }

  /**
   * How long a run may take, retries included. After that its permission ends, its outcome is
   * {@code TIMEOUT}, what it held is given back, and the schedule goes on. Code that still runs
   * then does so without protection; until it has ended, this machine does not run the task again,
   * and what comes due is {@code MISSED}.
   */
  public TaskDefinition timeout(Duration most) {
    change();
    timeout = Timing.positive("timeout", most);
    return this;
  }

  /**
   * One run at a time in the whole cluster: a run takes the task's own lock, with a lease of {@link
   * #DEFAULT_LEASE} that is renewed while it runs. Who finds it taken skips the run.
   */
  public TaskDefinition withTaskLock() {
    change();
    taskLock = true;
    return this;
  }

  /** As {@link #withTaskLock()} with another lease: what a crash in the middle of a run costs. */
  public TaskDefinition withTaskLock(Duration lease) {
    change();
    LeaseRules.checkDuration(lease);
    checkHold(minHold, lease);
    this.lease = lease;
    taskLock = true;
    return this;
  }

  /**
   * The task's lock is kept for at least this long from the beginning of a run, however quick the
   * run and even when the process ends: a machine whose timer is late does not repeat the run.
   * Takes the task's lock; its lease, unless given, is as long at least.
   */
  public TaskDefinition minHold(Duration least) {
    change();
    Timing.notNegative("minHold", least);
    if (lease != null) {
      checkHold(least, lease);
    } else {
      LeaseRules.checkDuration(least.compareTo(DEFAULT_LEASE) > 0 ? least : DEFAULT_LEASE);
    }
    minHold = least;
    taskLock = true;
    return this;
  }

  /**
   * Locks of resources that a run must hold too, taken in this order, each as its own options say:
   * who does not get one within its {@code waitTimeout} skips the run.
   */
  public TaskDefinition withLock(DistributedLock... resources) {
    change();
    for (DistributedLock resource : resources) {
      locks.add(Objects.requireNonNull(resource, "lock"));
    }
    return this;
  }

  /**
   * At most one run per tick in the whole cluster, whatever clocks and restarts do: a run claims
   * its tick in the backend first, once and for all. A tick is a moment of the cron expression; of
   * an interval task, a multiple of the interval since 1970 by the wall clock: {@code atFixedRate}
   * then fires at these, {@code every} claims the last of them.
   *
   * <p>A tick that passed while nobody ran is run once on return, the last one only, unless it is
   * older than {@link #misfireGrace} or than the task itself. A machine that could not run a tick
   * (no leader, a lock taken, the backend away) tries again until somebody has or the next is due.
   */
  public TaskDefinition oncePerTick() {
    change();
    oncePerTick = true;
    return this;
  }

  /**
   * Ticks later than this are {@code MISSED} rather than run; unless given, none is dropped. At
   * least a second, because timers are never on the dot.
   */
  public TaskDefinition misfireGrace(Duration most) {
    change();
    if (timing.kind() == Timing.Kind.EVERY) {
      throw refused("misfireGrace " + most + " needs ticks: use cron or atFixedRate");
    }
    Timing.positive("misfireGrace", most);
    if (most.compareTo(LEAST_GRACE) < 0) {
      throw refused("misfireGrace " + most + " must be at least " + LEAST_GRACE);
    }
    misfireGrace = most;
    return this;
  }

  /**
   * A run that loses its permission ends at once for the manager, and its outcome is {@code LOST};
   * otherwise it ends when its body does.
   */
  public TaskDefinition cancelOnLost() {
    change();
    cancelOnLost = true;
    return this;
  }

  /**
   * Tries a failing body again within the same run, so many times, while the run is permitted.
   *
   * @param backoff the pause before the first try again; each further one is twice as long
   */
  public TaskDefinition retry(int times, Duration backoff) {
    change();
    if (times < 0 || times > 100) {
      throw refused("retry " + times + " must be from 0 to 100 times");
    }
    this.backoff = Timing.notNegative("backoff", backoff);
    retries = times;
    return this;
  }

  /**
   * Runs only where the election's leader is. A follower asks the backend for nothing, and one that
   * is elected looks at once for a tick that nobody has run.
   */
  public TaskDefinition whileLeader(LeaderElection election) {
    return whileLeading(Leadership.of(Objects.requireNonNull(election, "election")));
  }

  TaskDefinition whileLeading(Leadership leadership) {
    change();
    this.leadership = leadership;
    return this;
  }

  String ownName() {
    return name;
  }

  TaskBody body() {
    return body;
  }

  Timing timing() {
    return timing;
  }

  Duration initialDelay() {
    return initialDelay;
  }

  Duration jitter() {
    return jitter;
  }

  /** Null when a run may take for ever. */
  Duration timeout() {
    return timeout;
  }

  /** Null when anybody may run it. */
  Leadership leadership() {
    return leadership;
  }

  boolean hasTaskLock() {
    return taskLock;
  }

  Duration lease() {
    if (lease != null) {
      return lease;
    }
    return minHold.compareTo(DEFAULT_LEASE) > 0 ? minHold : DEFAULT_LEASE;
  }

  Duration minHold() {
    return minHold;
  }

  List<DistributedLock> locks() {
    return locks;
  }

  boolean isOncePerTick() {
    return oncePerTick;
  }

  /** Null when no tick is too old. */
  Duration misfireGrace() {
    return misfireGrace;
  }

  boolean isCancelOnLost() {
    return cancelOnLost;
  }

  int retries() {
    return retries;
  }

  /** The pause before try number {@code attempt}, from 2 on; at most an hour. */
  Duration backoffBefore(int attempt) {
    return Duration.ofNanos(Backoff.exact(backoff, Duration.ofHours(1)).after(attempt - 1));
  }

  /** What a run has to hold, for people. */
  String sync() {
    List<String> parts = new ArrayList<>();
    if (leadership != null) {
      parts.add("leader of " + leadership.election());
    }
    if (taskLock) {
      parts.add("task lock" + (minHold.isZero() ? "" : " for at least " + minHold));
    }
    locks.forEach(lock -> parts.add("lock " + lock.name()));
    if (oncePerTick) {
      parts.add("once per tick");
    }
    return String.join(", ", parts);
  }

  private void change() {
    router.checkOpen();
  }

  private void checkHold(Duration hold, Duration lease) {
    if (hold.compareTo(lease) > 0) {
      throw refused(
          "minHold " + hold + " must not be more than the lease " + lease + " of the task's lock");
    }
  }

  private RuntimeException refused(String why) {
    return ErrorCode.INVALID.failure("task '" + name() + "': " + why);
  }
}
