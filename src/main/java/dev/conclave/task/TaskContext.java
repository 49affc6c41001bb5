package dev.conclave.task;

import io.vertx.core.Vertx;
import java.time.Instant;

/** What the body of a task can know of its run. May be used from any thread. */
public interface TaskContext {
  /** The task's full name. */
  String task();

  /**
   * The moment this run is for: the tick of a cron task or of one that runs once per tick, else the
   * moment the run was due. The same on every machine for one tick.
   */
  Instant fireTime();

  /** 1 for the first try of the body in this run, 2 for the second… */
  int attempt();

  /**
   * Whether the run is still permitted: everything it has to hold is surely held, it has not timed
   * out and the manager has not given it up. Compares clocks at every call.
   */
  boolean isValid();

  /**
   * Calls the handler once when the run's permission ends before its body does, at once when it has
   * ended already. It runs on the context that the manager was made in.
   */
  TaskContext onLost(Runnable handler);

  /**
   * A number that is greater than that of every earlier run, for the protected resource to refuse
   * smaller ones: of the task's lock; without one, of the first resource lock; without one, of the
   * tick (milliseconds since 1970); without one, of the leadership, which stays the same for a
   * whole term; 0 when the run holds nothing. Numbers of different kinds can not be compared: the
   * kind changes when the task's definition does.
   */
  long fencingToken();

  /** The Vert.x instance of the manager. */
  Vertx vertx();
}
