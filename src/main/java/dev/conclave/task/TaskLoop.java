package dev.conclave.task;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import dev.conclave.task.guard.Guard;
import dev.conclave.task.guard.KnownSchedule;
import dev.conclave.task.guard.TickGuard;
import dev.conclave.task.schedule.Schedule;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;

/**
 * One task on one machine, from the start of its manager to the stop.
 *
 * <ol>
 *   <li>One timer waits for the next fire, and the clock is checked at least once a minute, because
 *       wall clocks are set and machines sleep. There is one run at a time; the {@link Schedule}
 *       decides about fires that come due during a run.
 *   <li>Of several fires that have passed, the last one runs, unless it is older than the misfire
 *       grace. The others are reported as {@code MISSED}.
 *   <li>With {@code oncePerTick}, a fire that could be neither run nor settled on this machine
 *       stays <i>open</i> until the next one. It is retried when this worker is elected, when the
 *       lock of another holder expires, and with growing pauses during an outage of the backend. A
 *       retry is reported only if it runs.
 *   <li>At the start, the last tick before the start is open, if this schedule was known then.
 *   <li>When the wall clock is set back far, the calendar starts again.
 *   <li>A body may still run after its run has ended by timeout or cancellation. Until the body
 *       ends, no run begins on this machine, and fires that come due are {@code MISSED}. An open
 *       tick is retried when the body has ended.
 *   <li>A tick that passes while the task is paused is claimed and dropped.
 * </ol>
 *
 * <p>Everything happens on the scheduler.
 */
final class TaskLoop {
  /** The environment of a loop. */
  record Setting(
      Vertx vertx,
      Scheduler scheduler,
      Executor bodies,
      SyncBackend backend,
      String worker,
      TaskNotifier notifier,
      DoubleSupplier random) {}

  private static final long LONGEST_WAIT = Duration.ofMinutes(1).toNanos();
  private static final Backoff BACKOFF =
      Backoff.exact(Duration.ofSeconds(1), Duration.ofSeconds(30));
  private static final long SHORTEST_PAUSE = Duration.ofMillis(10).toNanos();

  private final TaskDefinition task;
  private final String name;
  private final Setting setting;
  private final Scheduler scheduler;
  private final KnownSchedule known;
  private final Guard tick;
  private final List<Guard> scheduled;
  private final List<Guard> triggered;
  private final TaskStats stats = new TaskStats();
  private final Schedule schedule;
  private final Promise<Void> over = Promise.promise();
  private Scheduler.Timer timer = () -> {};
  private Scheduler.Timer again = () -> {};
  private long delay;
  private TaskRun running;
  private TaskRun lingering;
  private Instant runningSince;
  private Instant open;
  private Watch election = () -> {};
  private int failures;
  private boolean paused;
  private boolean stopped;

  /** Begins at once. */
  TaskLoop(TaskDefinition task, Setting setting) {
    this.task = task;
    this.name = task.name();
    this.setting = setting;
    this.scheduler = setting.scheduler();
    this.known =
        new KnownSchedule(name, task.timing().toString(), setting.worker(), setting.backend());
    this.tick = new TickGuard(name, scheduler, setting.backend(), setting.notifier()::clockIsOff);
    this.scheduled = task.scheduled(scheduler, setting.backend(), setting.worker(), tick);
    this.triggered = task.triggered(scheduler, setting.backend(), setting.worker());
    this.schedule = task.timing().begin(scheduler, task.initialDelay(), task.isOncePerTick());
    drawDelay();
    arm();
    schedule.before().ifPresent(this::lookBack);
  }

  String name() {
    return name;
  }

  Optional<Instant> next() {
    return schedule.next();
  }

  TaskInfo info() {
    TaskInfo info =
        new TaskInfo()
            .setName(name)
            .setSchedule(task.timing().toString())
            .setSync(task.sync())
            .setNextFire(stopped ? null : schedule.next().map(Instant::toString).orElse(null))
            .setPaused(paused)
            .setRunning(isBusy())
            .setRunningSince(isBusy() ? runningSince.toString() : null);
    stats.show(info);
    return info;
  }

  /**
   * Runs the task out of schedule unless it runs already; completes when it is certain whether it
   * runs. If an attempt is under way and ends without a run, the triggered run follows it.
   */
  Future<TaskInfo> trigger() {
    if (stopped) {
      return Future.failedFuture(ErrorCode.CLOSED.failure("the task manager has stopped"));
    }
    if (running != null) {
      TaskRun present = running;
      return present
          .begun()
          .compose(
              begun ->
                  present.isRunning()
                      ? Future.succeededFuture(info())
                      : present.over().compose(over -> trigger()));
    }
    if (lingering != null) {
      return Future.succeededFuture(info());
    }
    TaskRun run = run(scheduler.now(), triggered, false);
    return run.begun().map(begun -> info());
  }

  /** Begins no further run; completes when the present run has ended. */
  Future<Void> stop() {
    stopped = true;
    timer.cancel();
    again.cancel();
    election.close();
    if (running == null) {
      return Future.succeededFuture();
    }
    running.withdraw();
    return over.future();
  }

  /** Ends the present run, even if its body still runs. */
  void giveUp(Throwable reason) {
    if (running != null) {
      running.giveUp(reason);
    }
  }

  private boolean isRunning() {
    return running != null && running.isRunning();
  }

  private boolean isBusy() {
    return isRunning() || lingering != null;
  }

  private void arm() {
    timer.cancel();
    long left = untilDue();
    if (!stopped && running == null && left != Schedule.NEVER) {
      timer = scheduler.schedule(Math.min(left, LONGEST_WAIT), this::wake);
    }
  }

  private long untilDue() {
    long left = schedule.untilDue();
    return left == Schedule.NEVER ? left : left + delay;
  }

  private void drawDelay() {
    delay = (long) (task.jitter().toNanos() * setting.random().getAsDouble());
  }

  private void wake() {
    restartIfSetBack();
    if (untilDue() > 0) {
      arm();
      return;
    }
    Schedule.Fire fire = schedule.take();
    drawDelay();
    again.cancel();
    failures = 0;
    open = task.isOncePerTick() ? fire.at() : null;
    if (fire.missed() > 0) {
      missed(fire.at(), fire.missed(), "earlier moments passed before it could run");
    }
    attempt(fire.at(), false);
  }

  private void attempt(Instant fireTime, boolean repeated) {
    // Jitter does not count as delay.
    Duration late = Duration.between(fireTime, scheduler.now()).minus(task.jitter());
    if (task.misfireGrace() != null && late.compareTo(task.misfireGrace()) > 0) {
      open = null;
      missed(fireTime, 1, "its moment passed " + late + " ago, more than its misfireGrace");
      schedule.ended();
      arm();
      return;
    }
    if (lingering != null) {
      missed(fireTime, 1, "the body of an earlier run has not ended");
      schedule.ended();
      arm();
      return;
    }
    run(fireTime, scheduled, repeated);
  }

  private TaskRun run(Instant fireTime, List<Guard> guards, boolean repeated) {
    TaskRun run = new TaskRun(task, setting.vertx(), scheduler, setting.bodies(), guards, fireTime);
    running = run;
    timer.cancel();
    run.begun()
        .onSuccess(
            begun -> {
              if (run.isRunning()) {
                runningSince = scheduler.now();
                setting.notifier().began(name, run);
              }
            });
    run.start().onSuccess(result -> ended(run, result, guards == scheduled, repeated));
    return run;
  }

  private void ended(TaskRun run, TaskRun.Result result, boolean onSchedule, boolean repeated) {
    running = null;
    if (run.isBodyAlive()) {
      lingering = run;
      run.bodyOver().onSuccess(over -> bodyOver());
    }
    if (onSchedule) {
      paused = result.settled() && result.outcome() == null;
    }
    if (result.outcome() != null && (result.outcome().ran() || !repeated)) {
      report(run.fireTime(), result, 1);
    } else if (result.outcome() == TaskOutcome.BACKEND_ERROR) {
      setting.notifier().backendFailed(name, result.cause());
    }
    if (stopped) {
      over.tryComplete();
      return;
    }
    long passed = schedule.ended();
    if (passed > 0) {
      missed(run.fireTime(), passed, "moments passed while it ran");
    }
    if (onSchedule && open != null) {
      settle(result);
    }
    arm();
  }

  private void bodyOver() {
    lingering = null;
    tryOpen();
  }

  private void settle(TaskRun.Result result) {
    if (result.settled()) {
      if (paused) {
        tick.take(open);
      }
      open = null;
    } else if (result.outcome() == TaskOutcome.SKIPPED_NOT_LEADER) {
      tryWhenElected();
    } else if (result.outcome() == TaskOutcome.BACKEND_ERROR) {
      tryAgainIn(pauseAfterFailure());
    } else {
      tryAgainIn(Math.max(SHORTEST_PAUSE, Math.min(result.again(), LONGEST_WAIT)));
    }
  }

  private long pauseAfterFailure() {
    return BACKOFF.after(++failures);
  }

  private void tryAgainIn(long pause) {
    again.cancel();
    again = scheduler.schedule(pause, this::tryOpen);
  }

  private void tryWhenElected() {
    election.close();
    election = task.leadership().onLeadership(() -> scheduler.execute(this::tryOpen));
  }

  private void restartIfSetBack() {
    if (schedule.rewind()) {
      open = null;
      again.cancel();
      String now = "the wall clock was set back to " + scheduler.now();
      setting.notifier().clockIsOff("task '" + name + "': " + now + ", its schedule starts again");
      arm();
    }
  }

  private void tryOpen() {
    restartIfSetBack();
    if (open != null && running == null && lingering == null && !stopped) {
      attempt(open, true);
    }
  }

  /** Opens the last tick before the start, if the schedule was known then. */
  private void lookBack(Instant tick) {
    known
        .before(tick, scheduler.now())
        .onComplete(answer -> CallerContext.run(scheduler, () -> lookedBack(tick, answer)));
  }

  private void lookedBack(Instant tick, AsyncResult<Boolean> missed) {
    if (stopped || open != null || running != null) {
      return; // A later tick has come due meanwhile.
    }
    if (missed.failed()) {
      setting.notifier().backendFailed(name, missed.cause());
      again = scheduler.schedule(pauseAfterFailure(), () -> lookBack(tick));
    } else if (missed.result()) {
      open = tick;
      tryOpen();
    }
  }

  private void missed(Instant fireTime, long times, String why) {
    Throwable cause = Guard.Refusal.missed(why);
    report(fireTime, new TaskRun.Result(TaskOutcome.MISSED, cause, 0, true, 0), times);
  }

  private void report(Instant fireTime, TaskRun.Result result, long times) {
    stats.count(fireTime, result, times);
    setting.notifier().ended(name, fireTime, result);
  }

  /** The outcomes of a task's runs on this machine. */
  private static final class TaskStats {
    private final Map<TaskOutcome, Long> counts = new EnumMap<>(TaskOutcome.class);
    private TaskOutcome lastOutcome;
    private Instant lastFire;
    private long lastDuration;
    private String lastError;

    void count(Instant fireTime, TaskRun.Result result, long times) {
      counts.merge(result.outcome(), times, Long::sum);
      lastOutcome = result.outcome();
      lastFire = fireTime;
      if (result.outcome().ran()) {
        lastDuration = result.duration() / 1_000_000;
        lastError = result.cause() == null ? null : String.valueOf(result.cause().getMessage());
      }
    }

    void show(TaskInfo info) {
      JsonObject shown = new JsonObject();
      counts.forEach((outcome, times) -> shown.put(outcome.name(), times));
      info.setCounts(shown)
          .setLastOutcome(lastOutcome == null ? null : lastOutcome.name())
          .setLastFire(lastFire == null ? null : lastFire.toString())
          .setLastDuration(lastDuration)
          .setLastError(lastError);
    }
  }
}
