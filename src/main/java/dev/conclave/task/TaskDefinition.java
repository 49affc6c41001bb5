package dev.conclave.task;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.config.ConfigSchema;
import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.task.guard.Guard;
import dev.conclave.task.guard.Guards;
import dev.conclave.task.guard.Leadership;
import dev.conclave.task.guard.TaskLock;
import dev.conclave.time.Backoff;
import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One task: its schedule, what it must hold while it runs, and its body.
 *
 * <p>A run takes what the definition requires in this order, and releases it in reverse:
 * leadership, the task's lock, resource locks, the tick. If one of them is not available,
 * everything taken is released, and the body does not run.
 *
 * <p>Every method fails with {@link ErrorCode#INVALID} when a value breaks a rule, and after the
 * manager has started.
 */
public final class TaskDefinition {
  /** How long the task's lock outlives its last renewal by default: 60 s. */
  public static final Duration DEFAULT_LEASE = Duration.ofSeconds(60);

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
    this.name = LeaseKey.checkName(name);
    this.timing = timing;
    this.body = Objects.requireNonNull(body, "body");
  }

  /** The task's full name, with the prefixes of the routers that include it so far. */
  public String name() {
    return router.full(name);
  }

  /** The time zone of a cron task, by its name; UTC by default. */
  public TaskDefinition zone(String zone) {
    return zone(Cron.zone(zone));
  }

  /** The time zone of a cron task; UTC by default. */
  public TaskDefinition zone(ZoneId zone) {
    change();
    if (timing.kind() != Timing.Kind.CRON) {
      throw refused("zone " + zone + " needs a cron expression, an interval has no calendar");
    }
    timing = Timing.cron(timing.cron().in(zone));
    return this;
  }

  /** How long after the start an interval task runs first; at once by default. */
  public TaskDefinition initialDelay(Duration delay) {
    change();
    if (timing.kind() == Timing.Kind.CRON) {
      throw refused("initialDelay " + delay + " needs an interval, a cron task has its calendar");
    }
    initialDelay = Timing.notNegative("initialDelay", delay);
    return this;
  }

  /**
   * Delays each run by a random time up to this one, so that many machines do not act at the same
   * moment.
   */
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
   * {@code TIMEOUT}, what it held is released, and the schedule continues. A body that still runs
   * then is not protected any more. Until it has ended, this machine does not run the task again,
   * and runs that come due are {@code MISSED}.
   */
  public TaskDefinition timeout(Duration most) {
    change();
    timeout = Timing.positive("timeout", most);
    return this;
  }

  /**
   * One run at a time in the whole cluster: a run takes the task's own lock, with a lease of {@link
   * #DEFAULT_LEASE} that is renewed while it runs. When another machine holds the lock, the run is
   * skipped.
   */
  public TaskDefinition withTaskLock() {
    change();
    taskLock = true;
    return this;
  }

  /**
   * As {@link #withTaskLock()} with another lease: after a crash during a run, the task can run
   * again once the lease has expired.
   */
  public TaskDefinition withTaskLock(Duration lease) {
    change();
    LeaseRequest.checkDuration(lease);
    checkHold(minHold, lease);
    this.lease = lease;
    taskLock = true;
    return this;
  }

  /**
   * The task's lock is kept for at least this long from the beginning of a run, even if the run is
   * quicker or the process ends: a machine whose timer is late does not repeat the run. Implies the
   * task's lock; by default its lease is at least as long.
   */
  public TaskDefinition minHold(Duration least) {
    change();
    Timing.notNegative("minHold", least);
    if (lease != null) {
      checkHold(least, lease);
    } else {
      LeaseRequest.checkDuration(least.compareTo(DEFAULT_LEASE) > 0 ? least : DEFAULT_LEASE);
    }
    minHold = least;
    taskLock = true;
    return this;
  }

  /**
   * Locks of resources that a run must hold too, taken in this order, each with its own options. A
   * run that does not get one within its {@code waitTimeout} is skipped.
   */
  public TaskDefinition withLock(DistributedLock... resources) {
    change();
    for (DistributedLock resource : resources) {
      locks.add(Objects.requireNonNull(resource, "lock"));
    }
    return this;
  }

  /**
   * At most one run per tick in the whole cluster, even with wrong clocks and after restarts: a run
   * first claims its tick in the backend, permanently. A tick is a moment of the cron expression;
   * of an interval task, a multiple of the interval since 1970 by the wall clock: {@code
   * atFixedRate} then fires at these, and {@code every} claims the last of them.
   *
   * <p>When ticks passed while no manager ran, the last of them is run once at the next start,
   * unless it is older than {@link #misfireGrace} or than the task itself. A machine that could not
   * run a tick (not the leader, a lock taken, an outage of the backend) retries until a machine has
   * run it or the next one is due.
   */
  public TaskDefinition oncePerTick() {
    change();
    oncePerTick = true;
    return this;
  }

  /**
   * Ticks that are later than this are {@code MISSED} and do not run; by default, none is dropped.
   * At least a second, because timers are never exact.
   */
  public TaskDefinition misfireGrace(Duration most) {
    change();
    if (timing.kind() == Timing.Kind.EVERY) {
      throw refused("misfireGrace " + most + " needs ticks: use cron or atFixedRate");
    }
    Timing.positive("misfireGrace", most);
    Duration least = Duration.ofMillis(range("sync", "misfireGrace").least().longValue());
    if (most.compareTo(least) < 0) {
      throw refused("misfireGrace " + most + " must be at least " + least);
    }
    misfireGrace = most;
    return this;
  }

  /**
   * A run that loses its permission ends at once for the manager, with the outcome {@code LOST}. By
   * default it ends when its body ends.
   */
  public TaskDefinition cancelOnLost() {
    change();
    cancelOnLost = true;
    return this;
  }

  /**
   * Retries a failing body within the same run, at most {@code times} times, while the run is
   * permitted.
   *
   * @param backoff the pause before the first retry; each further pause is twice as long
   */
  public TaskDefinition retry(int times, Duration backoff) {
    change();
    ConfigSchema.Range range = range("retry", "times");
    if (!range.holds(times)) {
      throw refused(
          "retry " + times + " must be from " + range.least() + " to " + range.most() + " times");
    }
    this.backoff = Timing.notNegative("backoff", backoff);
    retries = times;
    return this;
  }

  /**
   * Runs only on the election's leader. A follower sends no requests to the backend. A worker that
   * is elected retries at once a {@link #oncePerTick} tick that has not been run.
   */
  public TaskDefinition whileLeader(LeaderElection election) {
    return whileLeading(Leadership.of(Objects.requireNonNull(election, "election")));
  }

  TaskDefinition whileLeading(Leadership leadership) {
    change();
    this.leadership = leadership;
    return this;
  }

  private static ConfigSchema.Range range(String object, String key) {
    return ConfigSchema.named("tasks").range("tasks", "items", object, key);
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

  /** Null when a run has no time limit. */
  Duration timeout() {
    return timeout;
  }

  /** Null when the task needs no leadership. */
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

  /** Null when ticks have no age limit. */
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

  /** What a run must hold, as text. */
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

  /** The guards of a scheduled run: leadership, no pause, task lock, resource locks, tick. */
  List<Guard> scheduled(Scheduler scheduler, SyncBackend backend, String worker, Guard tick) {
    List<Guard> guards = triggered(scheduler, backend, worker);
    guards.add(leadership == null ? 0 : 1, Guards.unpaused(name(), scheduler, backend));
    if (oncePerTick) {
      guards.add(tick);
    }
    return guards;
  }

  /** The guards of a triggered run: it ignores a pause and claims no tick. */
  List<Guard> triggered(Scheduler scheduler, SyncBackend backend, String worker) {
    List<Guard> guards = new ArrayList<>();
    if (leadership != null) {
      guards.add(Guards.leadership(leadership));
    }
    if (taskLock) {
      guards.add(new TaskLock(scheduler, backend, name(), worker, lease(), minHold));
    }
    locks.forEach(lock -> guards.add(Guards.resource(lock)));
    return guards;
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
