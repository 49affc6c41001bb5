package dev.conclave;

import dev.conclave.config.ConfigSchema;
import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskManagerOptions;
import dev.conclave.task.TaskRouter;
import dev.conclave.task.declared.DeclaredTasks;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Runs tasks: those of the routers it is made with, and those of its configuration. Undeployed, it
 * starts no new run, waits up to {@code shutdownTimeout} for those under way, and releases what
 * they hold.
 *
 * <p>Configuration: {@code backend} (an object with a {@code type}, required), {@code requires}
 * ({@code "cluster"} or {@code "process"}), {@code startTimeout} (how long the start waits for a
 * backend that cannot be reached yet; 0 by default), the keys of {@link TaskManagerOptions}, and
 * {@code tasks}: an array of tasks that send a message or deploy a one-shot verticle. {@code
 * ${ENV_VAR}} and {@code ${ENV_VAR:default}} are expanded in every string. All times are
 * milliseconds. Deployment fails when something breaks a rule, or the backend cannot be reached
 * within {@code startTimeout} and the backend's own timeout.
 */
public class TaskManagerVerticle extends VerticleBase {
  private final List<TaskRouter> routers;
  private final Map<String, Supplier<LeaderElection>> elections;
  private volatile TaskManager manager;
  private EmbeddedConclave conclave;

  /** A verticle for the tasks of its configuration and of {@link #prepare}. */
  public TaskManagerVerticle() {
    this(List.of(), Map.of());
  }

  /** A verticle for the tasks of these routers too. */
  public TaskManagerVerticle(TaskRouter... routers) {
    this(List.of(routers), Map.of());
  }

  /** A verticle whose configured tasks may require the leadership of these elections. */
  TaskManagerVerticle(List<TaskRouter> routers, Map<String, Supplier<LeaderElection>> elections) {
    this.routers = routers;
    this.elections = elections;
  }

  @Override
  public Future<?> start() {
    return StartFailure.ofStart(this::begin);
  }

  private Future<?> begin() {
    JsonObject config = ConfigSchema.named("tasks").read(config());
    JsonObject own = EmbeddedConclave.otherKeys(config);
    own.remove("tasks");
    TaskManagerOptions options = new TaskManagerOptions(own).validate();
    JsonArray tasks = config.getJsonArray("tasks", new JsonArray());
    DeclaredTasks.check(tasks, elections.keySet());
    return EmbeddedConclave.connect(vertx, config, new LockServiceOptions())
        .compose(
            connected -> {
              conclave = connected;
              return run(options, tasks);
            })
        .recover(
            failure -> {
              Future<Void> failed = Future.failedFuture(failure);
              return close().transform(closed -> failed);
            });
  }

  private Future<Void> run(TaskManagerOptions options, JsonArray tasks) {
    DeclaredTasks declared = new DeclaredTasks(name -> conclave.locks().lock(name), elections::get);
    TaskManager made = TaskManager.create(vertx, conclave.backend(), options);
    routers.forEach(made::include);
    made.include(declared.router(tasks));
    prepare(made);
    manager = made;
    return conclave.own(made).start();
  }

  /**
   * Called once, on the verticle's context, before the manager starts. A subclass includes its
   * routers here. Does nothing by default.
   */
  protected void prepare(TaskManager manager) {}

  @Override
  public Future<?> stop() {
    return close();
  }

  /**
   * The manager, once the verticle is deployed; from any thread. Fails with {@link
   * ErrorCode#CLOSED} before.
   */
  public TaskManager manager() {
    TaskManager started = manager;
    if (started == null) {
      throw ErrorCode.CLOSED.failure("the task manager begins when its verticle is deployed");
    }
    return started;
  }

  private Future<Void> close() {
    return conclave == null ? Future.succeededFuture() : conclave.close();
  }
}
