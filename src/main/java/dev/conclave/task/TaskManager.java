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
 * Runs tasks: on their schedules, while holding what they have to hold.
 *
 * <p><b>What is guaranteed.</b> One manager never runs a task twice at once: while a body lives
 * that outlived its timeout, what comes due is {@code MISSED}. In the cluster, a {@code
 * oncePerTick} task begins at most once per tick; one with a task lock, a resource lock or
 * leadership runs only while it holds these, as far as clocks can tell, and is told when it does
 * not any more. Errors never end a schedule.
 *
 * <p><b>What is not.</b> A crash in the middle of a run ends the run: its tick is claimed and is
 * not run again. Code that goes on after its permission has ended can not be stopped: what must not
 * be written twice has to carry the {@link TaskContext#fencingToken()} to where it is written.
 *
 * <p>While started it answers as {@link TaskService} on its address, and publishes on {@link
 * #eventAddress} what becomes of each run, as JSON: {@code task}, {@code worker}, {@code event}
 * ({@code started}, {@code ended}, {@code skipped}), {@code fireTime}, {@code at}, and {@code
 * fencingToken} or {@code outcome}, {@code duration} in milliseconds and {@code message}.
 *
 * <p>May be used from any thread once it has started.
 */
public interface TaskManager extends TaskService {
  /** Where a manager is between its making and its end. */
  enum State {
    /** Takes definitions. */
    NEW,
    /** Runs tasks. */
    RUNNING,
    /** Waits for running tasks to end. */
    STOPPING,
    /** Has ended, for ever. */
    STOPPED
  }

  /** A manager with the default options; bodies run on the caller's context, or on a new one. */
  static TaskManager create(Vertx vertx, SyncBackend backend) {
    return create(vertx, backend, new TaskManagerOptions());
  }

  /**
   * A manager. Bodies run on the Vert.x context that this is called from, or on a new one of an
   * event loop; what a run holds is renewed elsewhere, so a body may block a worker or a virtual
   * thread. The manager goes on until it is stopped, whatever becomes of the caller's verticle.
   *
   * @param backend stays the caller's to close, after {@link #close()}
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
   * Takes a router's tasks in, also those that it gets before the start.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when a name is taken,
   *     the router has another place already, or the manager has started
   */
  TaskManager include(TaskRouter router);

  /**
   * Begins to run the tasks; does not wait for the backend. Idempotent; fails with {@link
   * ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> start();

  /**
   * Begins no new run, gives those under way the options' {@code shutdownTimeout}, renewing what
   * they hold, then ends their permission and gives everything back. A task lock is kept for its
   * {@code minHold}. Completes when that is done, and the backend may be closed. Idempotent.
   */
  Future<Void> close();

  /** Where the manager is. */
  State state();

  /**
   * The next moments a task is due, as far as they are known: at most so many of a cron task, one
   * of any other.
   *
   * @return fails with {@link ErrorCode#INVALID} when no task has the name
   */
  Future<List<Instant>> preview(String name, int count);
}
