package dev.conclave.task;

import static dev.conclave.task.TaskOutcome.BACKEND_ERROR;
import static dev.conclave.task.TaskOutcome.ERROR;
import static dev.conclave.task.TaskOutcome.LOST;
import static dev.conclave.task.TaskOutcome.SKIPPED_LOCKED;
import static dev.conclave.task.TaskOutcome.SKIPPED_NOT_LEADER;
import static dev.conclave.task.TaskOutcome.SUCCESS;
import static dev.conclave.task.TaskOutcome.TIMEOUT;

import dev.conclave.error.ErrorCode;
import dev.conclave.task.guard.Guard;
import dev.conclave.task.guard.Guard.Hold;
import dev.conclave.task.guard.Guards;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * One run, from the first guard that it takes to the last hold that it releases.
 *
 * <ol>
 *   <li>Takes the guards, one after the other. The first refusal ends the run, and so does the loss
 *       of a hold; the body does not begin.
 *   <li>Begins the body while all holds are valid.
 *   <li>The permission ends with the first of: the loss of a hold, the timeout, the end of the
 *       manager. The body is notified. An ended permission never returns.
 *   <li>A body that fails is retried as long as the run is permitted.
 *   <li>Ends with the body. Ends with the permission after a timeout, at the end of the manager,
 *       and with {@code cancelOnLost}; then the body may still run: {@link #bodyOver}.
 *   <li>Releases the holds in reverse order. Only then is the run over.
 * </ol>
 *
 * <p>Everything happens on the scheduler; only {@link TaskContext}'s methods are for any thread.
 */
final class TaskRun implements TaskContext {
  /**
   * The result of a run.
   *
   * @param outcome null when there is nothing to report
   * @param cause null unless it failed or did not run
   * @param duration of the body, in nanoseconds
   * @param settled whether nothing is left to do for its fire time
   * @param again when it is not settled: after how many nanoseconds a retry makes sense, 0 for
   *     unknown
   */
  record Result(TaskOutcome outcome, Throwable cause, long duration, boolean settled, long again) {}

  private enum Phase {
    TAKING,
    RUNNING,
    ENDED
  }

  private final TaskDefinition task;
  private final String name;
  private final Vertx vertx;
  private final Scheduler scheduler;
  private final Executor bodies;
  private final List<Guard> guards;
  private final Instant fireTime;
  private final Deque<Hold> holds = new ArrayDeque<>();
  private final List<Runnable> lostHandlers = new ArrayList<>();
  private final Promise<Void> begun = Promise.promise();
  private final Promise<Result> result = Promise.promise();
  private final Promise<Void> bodyOver = Promise.promise();

  private volatile Phase phase = Phase.TAKING;
  private volatile boolean permitted;
  private volatile List<Hold> taken = List.of();
  private volatile int attempt;
  private boolean withdrawn;
  private boolean bodyRuns;
  private Throwable lostBecause;
  private long startedAt;
  private Scheduler.Timer deadline = () -> {};
  private Scheduler.Timer pause = () -> {};

  TaskRun(
      TaskDefinition task,
      Vertx vertx,
      Scheduler scheduler,
      Executor bodies,
      List<Guard> guards,
      Instant fireTime) {
    this.task = task;
    this.name = task.name();
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.bodies = bodies;
    this.guards = guards;
    this.fireTime = fireTime;
  }

  /** Begins; completes when everything has been released. Never fails. */
  Future<Result> start() {
    take(0);
    return result.future();
  }

  /** Completes when the body has begun, or when the run is over without it. */
  Future<Void> begun() {
    return begun.future();
  }

  /** Completes when everything has been released. */
  Future<Result> over() {
    return result.future();
  }

  /** Whether the body runs, even if the run is over. */
  boolean isBodyAlive() {
    return bodyRuns;
  }

  /** Completes when a body ends that was still running after its run. */
  Future<Void> bodyOver() {
    return bodyOver.future();
  }

  /** Ends a run that has not begun its body. */
  void withdraw() {
    withdrawn = true;
  }

  /** Ends the run now, even if its body still runs. */
  void giveUp(Throwable reason) {
    withdrawn = true;
    if (phase == Phase.TAKING) {
      end(new Result(null, reason, 0, false, 0));
    } else if (phase == Phase.RUNNING) {
      end(LOST, reason);
    }
  }

  boolean isRunning() {
    return phase == Phase.RUNNING;
  }

  private void take(int index) {
    if (withdrawn) {
      end(new Result(null, null, 0, false, 0));
      return;
    }
    Hold gone = firstLost();
    if (gone != null) {
      end(notBegun(gone));
      return;
    }
    if (index == guards.size()) {
      begin();
      return;
    }
    CallerContext.attempt(() -> guards.get(index).take(fireTime))
        .onComplete(answer -> CallerContext.run(scheduler, () -> took(index, answer)));
  }

  private void took(int index, AsyncResult<Hold> answer) {
    if (phase != Phase.TAKING) {
      if (answer.succeeded()) {
        answer.result().release(false);
      }
    } else if (answer.succeeded()) {
      holds.push(answer.result());
      take(index + 1);
    } else if (answer.cause() instanceof Guard.Refusal refusal) {
      end(new Result(outcome(refusal.reason()), refusal, 0, refusal.isSettled(), refusal.again()));
    } else {
      end(new Result(BACKEND_ERROR, answer.cause(), 0, false, 0));
    }
  }

  private static TaskOutcome outcome(Guard.Reason reason) {
    return switch (reason) {
      case NOT_LEADER -> SKIPPED_NOT_LEADER;
      case LOCKED -> SKIPPED_LOCKED;
      case CLOCK -> TaskOutcome.SKIPPED_CLOCK;
      case PAUSED -> null;
    };
  }

  private void begin() {
    taken = holds.stream().sorted(Comparator.comparingInt(Hold::rank)).toList();
    permitted = true;
    phase = Phase.RUNNING;
    startedAt = scheduler.nanoTime();
    if (task.timeout() != null) {
      deadline = scheduler.schedule(task.timeout().toNanos(), this::timedOut);
    }
    taken.forEach(hold -> hold.onLost(() -> CallerContext.run(scheduler, this::lost)));
    tryBody();
  }

  /** The first hold that is not valid any more, or null. */
  private Hold firstLost() {
    return holds.stream().filter(hold -> !hold.isValid()).findFirst().orElse(null);
  }

  /** The result of a run that lost a hold before its body began. A claimed tick stays claimed. */
  private Result notBegun(Hold gone) {
    boolean claimed = holds.stream().anyMatch(hold -> hold.rank() == Guards.TICK);
    TaskOutcome outcome = gone.rank() == Guards.LEADERSHIP ? SKIPPED_NOT_LEADER : SKIPPED_LOCKED;
    Throwable cause =
        ErrorCode.LOST.failure("task '" + name + "' lost what it has to hold before it began");
    return new Result(outcome, cause, 0, claimed, 0);
  }

  private void tryBody() {
    if (phase != Phase.RUNNING) {
      return;
    }
    if (!isValid()) {
      lost();
      return;
    }
    attempt++;
    begun.tryComplete();
    bodyRuns = true;
    CallerContext.attempt(bodies, this::runBody)
        .onComplete(answer -> CallerContext.run(scheduler, () -> bodyEnded(answer)));
  }

  /** A body that gets its context after the permission has ended does not begin. */
  private Future<Object> runBody() throws Exception {
    if (!isValid()) {
      return Future.failedFuture(lostCause());
    }
    Future<?> outcome = task.body().run(this);
    return outcome == null ? Future.succeededFuture() : outcome.map(value -> value);
  }

  private void bodyEnded(AsyncResult<?> answer) {
    bodyRuns = false;
    if (phase != Phase.RUNNING) {
      bodyOver.tryComplete();
      return;
    }
    if (!isValid()) {
      lost();
      end(LOST, lostBecause);
    } else if (answer.succeeded()) {
      end(SUCCESS, null);
    } else if (attempt <= task.retries() && !withdrawn) {
      pause = scheduler.schedule(task.backoffBefore(attempt + 1).toNanos(), this::tryBody);
    } else {
      end(ERROR, answer.cause());
    }
  }

  private void lost() {
    if (phase != Phase.RUNNING || lostBecause != null) {
      return;
    }
    if (attempt == 0) {
      Hold gone = firstLost();
      end(notBegun(gone == null ? taken.get(0) : gone));
      return;
    }
    lostBecause = lostCause();
    endPermission();
    if (task.isCancelOnLost() || !bodyRuns) {
      end(LOST, lostBecause);
    }
  }

  private void timedOut() {
    end(
        TIMEOUT,
        ErrorCode.TIMEOUT.failure(
            "task '" + name + "' did not end within its timeout " + task.timeout()));
  }

  private void end(TaskOutcome outcome, Throwable cause) {
    if (phase == Phase.RUNNING) {
      end(new Result(outcome, cause, scheduler.nanoTime() - startedAt, true, 0));
    }
  }

  private void end(Result end) {
    boolean ran = attempt > 0;
    phase = Phase.ENDED;
    deadline.cancel();
    pause.cancel();
    if (bodyRuns) {
      endPermission();
    }
    permitted = false;
    release(ran, end);
  }

  private void release(boolean ran, Result end) {
    Hold last = holds.poll();
    if (last == null) {
      begun.tryComplete();
      result.complete(end);
      return;
    }
    last.release(ran)
        .onComplete(
            held ->
                CallerContext.run(
                    scheduler,
                    () -> release(ran, held.succeeded() && !held.result() ? notHeld(end) : end)));
  }

  /** A success that was not protected to its end is a loss. */
  private Result notHeld(Result end) {
    return end.outcome() == SUCCESS ? new Result(LOST, lostCause(), end.duration(), true, 0) : end;
  }

  private Throwable lostCause() {
    return ErrorCode.LOST.failure("task '" + name + "' lost what it has to hold while it ran");
  }

  private void endPermission() {
    permitted = false;
    List<Runnable> handlers = List.copyOf(lostHandlers);
    lostHandlers.clear();
    handlers.forEach(bodies::execute);
  }

  @Override
  public String task() {
    return name;
  }

  @Override
  public Instant fireTime() {
    return fireTime;
  }

  @Override
  public int attempt() {
    return attempt;
  }

  @Override
  public boolean isValid() {
    return permitted && taken.stream().allMatch(Hold::isValid);
  }

  @Override
  public TaskContext onLost(Runnable handler) {
    CallerContext.run(
        scheduler,
        () -> {
          if (permitted) {
            lostHandlers.add(() -> CallerContext.guarded(handler));
          } else if (lostBecause != null || bodyRuns) {
            bodies.execute(() -> CallerContext.guarded(handler));
          }
        });
    return this;
  }

  @Override
  public long fencingToken() {
    return taken.isEmpty() ? 0 : taken.get(0).fencingToken();
  }

  @Override
  public Vertx vertx() {
    return vertx;
  }
}
