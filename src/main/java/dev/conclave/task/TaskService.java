package dev.conclave.task;

import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.annotations.ProxyGen;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * A {@link TaskManager} for operators, in this process or over the event bus by {@link
 * #createProxy}.
 *
 * <p>Every manager serves the address of its options. When several share one, a call reaches one of
 * them: it lists and triggers its own tasks, and pauses and resumes for the whole cluster. To reach
 * a specific manager, configure an address for each machine.
 *
 * <p>Failures carry the codes of {@link dev.conclave.error.ErrorCode}: {@code INVALID} when no task
 * has the name, {@code BACKEND_UNAVAILABLE} when the backend or the manager does not answer, {@code
 * CLOSED} when the manager has stopped.
 */
@ProxyGen
public interface TaskService {
  /** The default address of managers. */
  String DEFAULT_ADDRESS = "conclave.tasks";

  /** A proxy for the manager at the default address. */
  @GenIgnore
  static TaskService createProxy(Vertx vertx) {
    return createProxy(vertx, DEFAULT_ADDRESS);
  }

  /** A proxy for the manager at this address. */
  @GenIgnore
  static TaskService createProxy(Vertx vertx, String address) {
    return new RemoteTaskService(vertx, address);
  }

  /** Every task of the manager, in the order of their names. */
  Future<List<TaskInfo>> list();

  /**
   * Runs the task now, out of its schedule, even when it is paused. Leadership and locks are
   * required as in a scheduled run, but no tick is claimed. Does not wait for the end of the run,
   * and does not begin a second run on this machine.
   *
   * @return the task once the run has begun ({@link TaskInfo#isRunning()}), or once it is certain
   *     that it does not ({@link TaskInfo#getLastOutcome()} has the reason)
   */
  Future<TaskInfo> trigger(String name);

  /**
   * Suspends the task's schedule in the whole cluster until {@link #resume}, for a year at most. A
   * run under way continues. Ticks that pass meanwhile are not run later.
   *
   * @return whether the task was not paused before
   */
  Future<Boolean> pause(String name);

  /**
   * Ends a pause, in the whole cluster.
   *
   * @return whether the task was paused
   */
  Future<Boolean> resume(String name);

  /**
   * Sets the mark of a {@code oncePerTick} task back to the store's time, after a wrong clock has
   * moved the mark ahead of it. Ticks after the store's time then run when they are due; ticks up
   * to it do not run again. The reset is logged.
   *
   * @return whether the mark lay ahead of the store's time; fails with {@code INVALID} when the
   *     backend does not report its time
   */
  Future<Boolean> reset(String name);
}
