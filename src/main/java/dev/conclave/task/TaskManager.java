package dev.conclave.task;

import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Schedulers;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.List;

/**
 * Runs tasks on their schedules, while holding what they must hold.
 *
 * <p><b>What is guaranteed.</b> One manager never runs a task twice at once: while a body runs past
 * its timeout, runs that come due are {@code MISSED}. In the cluster, a {@code oncePerTick} task
 * begins at most once per tick; one with a task lock, a resource lock or leadership runs only while
 * it holds these, within the accuracy of the clocks, and is notified when it loses one. Errors
 * never end a schedule.
 *
 * <p><b>Limits.</b> A crash during a run ends the run: its tick is claimed and is not run again. A
 * body that continues after its permission has ended cannot be stopped: a write that must not
 * happen twice has to carry the {@link TaskContext#fencingToken()} to the resource.
 *
 * <p>While started, it serves {@link TaskService} on its address. It publishes events about each
 * run on {@link #eventAddress}, as JSON: {@code task}, {@code worker}, {@code event} ({@code
 * started}, {@code ended}, {@code skipped}), {@code fireTime}, {@code at}, and {@code fencingToken}
 * or {@code outcome}, {@code duration} in milliseconds and {@code message}.
 *
 * <p>May be used from any thread once it has started.
 */
public interface TaskManager extends TaskService {
  /** The state of a manager. */
  enum State {
    /** Takes definitions. */
    NEW,
    /** Runs tasks. */
    RUNNING,
    /** Waits for running tasks to end. */
    STOPPING,
    /** Has ended; it cannot be started again. */
    STOPPED
  }

  /** A manager with the default options; bodies run on the caller's context, or on a new one. */
  static TaskManager create(Vertx vertx, SyncBackend backend) {
    return create(vertx, backend, new TaskManagerOptions());
  }

  /**
   * A manager. Bodies run on the Vert.x context that this is called from, or on a new one of an
   * event loop; what a run holds is renewed on another context, so a body may block a worker or a
   * virtual thread. The manager runs until it is closed, even if the caller's verticle is
   * undeployed.
   *
   * @param backend the caller closes it, after {@link #close()}
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the options break
   *     a rule
   */
  static TaskManager create(Vertx vertx, SyncBackend backend, TaskManagerOptions options) {
    TaskManagerOptions own = new TaskManagerOptions(options).validate();
    Context context = vertx.getOrCreateContext();
    return new LocalTaskManager(
        vertx,
        Schedulers.of(vertx).own(),
        body -> CallerContext.runOn(context, body),
        backend,
        own,
        TaskBus.of(vertx, own));
  }

  /** The event-bus address of a task's events. */
  static String eventAddress(String task) {
    return "conclave.task." + task;
  }

  /**
   * Includes a router's tasks, also those that are added to it before the start.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when a name is taken,
   *     the router is already included elsewhere, or the manager has started
   */
  TaskManager include(TaskRouter router);

  /**
   * Begins to run the tasks; does not wait for the backend. Idempotent; fails with {@link
   * ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> start();

  /**
   * Begins no new run, gives those under way the options' {@code shutdownTimeout}, renewing what
   * they hold, then ends their permission and releases everything. A task lock is kept for its
   * {@code minHold}. Completes when that is done, and the backend may be closed. Idempotent.
   */
  Future<Void> close();

  /** The manager's state. */
  State state();

  /**
   * The next moments a task is due, as far as they are known: at most {@code count} of a cron task,
   * one of any other.
   *
   * @return fails with {@link ErrorCode#INVALID} when no task has the name
   */
  Future<List<Instant>> preview(String name, int count);
}
