package dev.conclave.task;

import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.annotations.ProxyGen;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/**
 * A {@link TaskManager} for operators, in this process or over the event bus through {@link
 * #createProxy}.
 *
 * <p>Every manager answers at its own options' address. When several share one, a call reaches one
 * of them: what it lists and triggers is its own, what it pauses and resumes is so for the whole
 * cluster. Give each machine an address of its own to speak to a certain one.
 *
 * <p>Failures carry the codes of {@link dev.conclave.error.ErrorCode}: {@code INVALID} when no task
 * has the name, {@code BACKEND_UNAVAILABLE} when the backend or the manager does not answer, {@code
 * CLOSED} when the manager has stopped.
 */
@ProxyGen
public interface TaskService {
  /** Where managers listen unless configured otherwise. */
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
   * Runs the task now, out of its schedule, even when it is paused; leadership and locks are asked
   * for as ever, while no tick is claimed. Does not wait for the end of the run, nor begin a second
   * one beside one that runs here.
   *
   * @return the task once the run has begun ({@link TaskInfo#isRunning()}), or once it is plain
   *     that it does not ({@link TaskInfo#getLastOutcome()} says why)
   */
  Future<TaskInfo> trigger(String name);

  /**
   * Keeps the task from running on its schedule, in the whole cluster, until {@link #resume}, for a
   * year at most. A run under way goes on. Ticks that pass meanwhile are not made up for.
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
   * Sets the mark of a {@code oncePerTick} task back to the store's time, where a clock that was
   * far ahead has moved it beyond: the ticks between run again as they come. Ticks up to the
   * store's time stay run. Logged.
   *
   * @return whether the mark lay ahead of the store's time; fails with {@code INVALID} when the
   *     backend does not tell its time
   */
  Future<Boolean> reset(String name);
}
