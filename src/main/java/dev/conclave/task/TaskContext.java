package dev.conclave.task;

import io.vertx.core.Vertx;
import java.time.Instant;

/** The run of a task, as its body sees it. May be used from any thread. */
public interface TaskContext {
  /** The task's full name. */
  String task();

  /**
   * The moment of this run: the tick of a cron task or of one that runs once per tick, else the
   * moment the run was due. All machines use the same moment for one tick.
   */
  Instant fireTime();

  /** 1 for the first try of the body in this run, 2 for the second… */
  int attempt();

  /**
   * Whether the run is still permitted: everything it must hold is certainly held, it has not timed
   * out, and the manager has not ended it. Every call reads the clock.
   */
  boolean isValid();

  /**
   * Calls the handler once when the run's permission ends before its body does, at once when it has
   * ended already. It runs on the context that the manager was created in.
   */
  TaskContext onLost(Runnable handler);

  /**
   * A number that is greater than that of every earlier run, so that the protected resource can
   * refuse smaller ones. It is the first of these that the run holds: the token of the task's lock;
   * of the first resource lock; of the tick (milliseconds since 1970); of the leadership, which is
   * the same for a whole term. It is 0 when the run holds nothing. Numbers of different kinds
   * cannot be compared: the kind changes with the task's definition.
   */
  long fencingToken();

  /** The Vert.x instance of the manager. */
  Vertx vertx();
}
