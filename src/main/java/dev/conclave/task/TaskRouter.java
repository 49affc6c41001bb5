package dev.conclave.task;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;
import dev.conclave.task.guard.TaskKeys;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The tasks of one module, under a common prefix. Routers nest; a {@link TaskManager} runs what it
 * includes. A task's full name is every prefix and its own name, joined by dots.
 *
 * <p>Every method fails with {@link ErrorCode#INVALID} when a rule is broken: a name that is taken,
 * a malformed expression, a duration out of range, and any change after the manager has started.
 *
 * <p>Not thread-safe: a module defines its tasks on one thread, before the start.
 */
public final class TaskRouter {
  private static final String DOT = ".";

  private final String prefix;
  private final List<TaskDefinition> tasks = new ArrayList<>();
  private final List<TaskRouter> routers = new ArrayList<>();
  private final Set<String> taken = new HashSet<>();
  private TaskRouter parent;
  private boolean frozen;

  private TaskRouter(String prefix) {
    this.prefix = prefix;
  }

  /** A router whose tasks keep their own names. */
  public static TaskRouter create() {
    return new TaskRouter("");
  }

  /** A router whose tasks' names begin with the prefix and a dot. */
  public static TaskRouter create(String prefix) {
    return new TaskRouter(LeaseKey.checkName(prefix));
  }

  /** Runs the body, waits for its end, pauses for the interval, and repeats. */
  public TaskDefinition every(Duration interval, String name, Supplier<Future<?>> body) {
    return every(interval, name, plain(body));
  }

  /** As {@link #every(Duration, String, Supplier)} with a body that uses its run. */
  public TaskDefinition every(Duration interval, String name, TaskBody body) {
    return add(new TaskDefinition(this, name, Timing.every(interval), body));
  }

  /**
   * Runs the body once per period, independent of its duration; never two runs at once on this
   * machine. Runs that come due during a run are missed, not queued.
   */
  public TaskDefinition atFixedRate(Duration period, String name, Supplier<Future<?>> body) {
    return atFixedRate(period, name, plain(body));
  }

  /** As {@link #atFixedRate(Duration, String, Supplier)} with a body that uses its run. */
  public TaskDefinition atFixedRate(Duration period, String name, TaskBody body) {
    return add(new TaskDefinition(this, name, Timing.atFixedRate(period), body));
  }

  /** Runs the body at the moments of a cron expression, see {@link Cron}; in UTC by default. */
  public TaskDefinition cron(String expression, String name, Supplier<Future<?>> body) {
    return cron(expression, name, plain(body));
  }

  /** As {@link #cron(String, String, Supplier)} with a body that uses its run. */
  public TaskDefinition cron(String expression, String name, TaskBody body) {
    return add(new TaskDefinition(this, name, Timing.cron(Cron.of(expression)), body));
  }

  /** Includes another router's tasks under this one's prefix. A router can be included once. */
  public TaskRouter include(TaskRouter router) {
    for (TaskRouter above = this; above != null; above = above.parent) {
      if (above == router) {
        throw ErrorCode.INVALID.failure("router '" + router.prefix + "' cannot include itself");
      }
    }
    if (router.parent != null) {
      throw ErrorCode.INVALID.failure("router '" + router.prefix + "' is included already");
    }
    checkOpen();
    router.taken.forEach(name -> checkFree(router.under(name)));
    router.taken.forEach(name -> claim(router.under(name)));
    router.parent = this;
    routers.add(router);
    return this;
  }

  /** The tasks of this router and of those it includes. */
  public List<TaskDefinition> tasks() {
    List<TaskDefinition> all = new ArrayList<>(tasks);
    routers.forEach(router -> all.addAll(router.tasks()));
    return all;
  }

  void freeze() {
    frozen = true;
    routers.forEach(TaskRouter::freeze);
  }

  /** Fails when the manager of this router has started. */
  void checkOpen() {
    if (frozen) {
      throw ErrorCode.INVALID.failure("the tasks cannot be changed: their manager has started");
    }
    if (parent != null) {
      parent.checkOpen();
    }
  }

  /** A name of this router with its own prefix. */
  String under(String name) {
    return prefix.isEmpty() ? name : prefix + DOT + name;
  }

  /** A name of this router with the prefixes of all routers above it. */
  String full(String name) {
    return parent == null ? under(name) : parent.full(under(name));
  }

  private static TaskBody plain(Supplier<Future<?>> body) {
    Objects.requireNonNull(body, "body");
    return run -> body.get();
  }

  private TaskDefinition add(TaskDefinition task) {
    checkOpen();
    checkFree(task.ownName());
    claim(task.ownName());
    tasks.add(task);
    return task;
  }

  private void checkFree(String name) {
    if (taken.contains(name)) {
      throw ErrorCode.INVALID.failure("task '" + full(name) + "' is defined already");
    }
    if (parent != null) {
      parent.checkFree(under(name));
    } else {
      TaskKeys.checkName(under(name));
    }
  }

  private void claim(String name) {
    taken.add(name);
    if (parent != null) {
      parent.claim(under(name));
    }
  }
}
