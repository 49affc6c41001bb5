package dev.conclave.task.declared;

import dev.conclave.config.VirtualThreads;
import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.task.TaskBody;
import dev.conclave.task.TaskContext;
import dev.conclave.task.TaskDefinition;
import dev.conclave.task.TaskRouter;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Tasks that a JSON file lists: their schedules, what must be held, and either a message to an
 * address or a one-shot verticle, whose work is done when its start completes. The schema {@code
 * tasks} defines the keys; the rules about two keys are in this class.
 */
public final class DeclaredTasks {
  private static final long REPLY_TIMEOUT = 30_000;

  private final Function<String, DistributedLock> locks;
  private final Function<String, Supplier<LeaderElection>> elections;

  /** Tasks with these locks and elections. */
  public DeclaredTasks(
      Function<String, DistributedLock> locks,
      Function<String, Supplier<LeaderElection>> elections) {
    this.locks = locks;
    this.elections = elections;
  }

  /** Checks the tasks before anything is deployed. */
  public static void check(JsonArray tasks, Set<String> elections) {
    new DeclaredTasks(
            null,
            name -> {
              if (!elections.contains(name)) {
                throw ErrorCode.INVALID.failure(
                    "sync.leader \""
                        + name
                        + "\" is not an election of this configuration, which has "
                        + (elections.isEmpty()
                            ? "none"
                            : String.join(", ", new TreeSet<>(elections))));
              }
              return null;
            })
        .router(tasks);
  }

  /** The tasks of the array. */
  public TaskRouter router(JsonArray tasks) {
    TaskRouter router = TaskRouter.create();
    for (int i = 0; i < tasks.size(); i++) {
      try {
        define(router, tasks.getJsonObject(i));
      } catch (ServiceException refused) {
        throw ErrorCode.INVALID.failure("tasks[" + i + "]: " + refused.getMessage());
      }
    }
    return router;
  }

  private void define(TaskRouter router, JsonObject json) {
    String when = one(json, "cron", "every", "atFixedRate");
    String name = json.getString("name");
    TaskBody body =
        one(json, "address", "verticle").equals("address") ? message(json) : verticle(json);
    TaskDefinition task =
        switch (when) {
          case "cron" -> router.cron(json.getString("cron"), name, body);
          case "every" -> router.every(millis(json, "every"), name, body);
          default -> router.atFixedRate(millis(json, "atFixedRate"), name, body);
        };
    if (json.containsKey("zone")) {
      task.zone(json.getString("zone"));
    }
    if (json.containsKey("initialDelay")) {
      task.initialDelay(millis(json, "initialDelay"));
    }
    if (json.containsKey("jitter")) {
      task.jitter(millis(json, "jitter"));
    }
    if (json.containsKey("timeout")) {
      task.timeout(millis(json, "timeout"));
    }
    if (json.containsKey("retry")) {
      JsonObject retry = json.getJsonObject("retry");
      task.retry(retry.getInteger("times"), Duration.ofMillis(retry.getLong("backoff", 1000L)));
    }
    synchronize(task, json.getJsonObject("sync", new JsonObject()));
  }

  private void synchronize(TaskDefinition task, JsonObject sync) {
    if (sync.containsKey("leader")) {
      Supplier<LeaderElection> election = elections.apply(sync.getString("leader"));
      if (election != null) {
        task.whileLeader(election.get());
      }
    }
    if (sync.getBoolean("taskLock", false)) {
      task.withTaskLock();
    }
    if (sync.containsKey("lease")) {
      task.withTaskLock(millis(sync, "lease"));
    }
    if (sync.containsKey("minHold")) {
      task.minHold(millis(sync, "minHold"));
    }
    if (sync.containsKey("lock") && locks != null) {
      task.withLock(locks.apply(sync.getString("lock")));
    }
    if (sync.getBoolean("oncePerTick", false)) {
      task.oncePerTick();
    }
    if (sync.containsKey("misfireGrace")) {
      task.misfireGrace(millis(sync, "misfireGrace"));
    }
    if (sync.getBoolean("cancelOnLost", false)) {
      task.cancelOnLost();
    }
  }

  private static TaskBody message(JsonObject json) {
    refuse(json, "address", "options");
    String address = json.getString("address");
    String mode = json.getString("mode", "request");
    JsonObject message = json.getJsonObject("message", new JsonObject());
    long timeout = json.getLong("timeout", REPLY_TIMEOUT);
    return run -> {
      DeliveryOptions options =
          new DeliveryOptions()
              .setSendTimeout(timeout)
              .addHeader("task", run.task())
              .addHeader("fireTime", run.fireTime().toString())
              .addHeader("fencingToken", Long.toString(run.fencingToken()));
      EventBus bus = run.vertx().eventBus();
      switch (mode) {
        case "send":
          bus.send(address, message.copy(), options);
          return Future.succeededFuture();
        case "publish":
          bus.publish(address, message.copy(), options);
          return Future.succeededFuture();
        default:
          return bus.request(address, message.copy(), options);
      }
    };
  }

  private static TaskBody verticle(JsonObject json) {
    refuse(json, "verticle", "mode", "message");
    String verticle = json.getString("verticle");
    JsonObject options = json.getJsonObject("options", new JsonObject());
    VirtualThreads.check("options", new DeploymentOptions(options));
    return TaskBody.oneShot(verticle, run -> withRun(options, run));
  }

  /** The deployment's options, with a description of the run in the verticle's config. */
  private static DeploymentOptions withRun(JsonObject options, TaskContext run) {
    DeploymentOptions withRun = new DeploymentOptions(options);
    JsonObject config = withRun.getConfig() == null ? new JsonObject() : withRun.getConfig().copy();
    config.put(
        "task",
        new JsonObject()
            .put("name", run.task())
            .put("fireTime", run.fireTime().toString())
            .put("fencingToken", run.fencingToken()));
    return withRun.setConfig(config);
  }

  private static String one(JsonObject json, String... keys) {
    String found = null;
    for (String key : keys) {
      if (json.containsKey(key)) {
        if (found != null) {
          throw ErrorCode.INVALID.failure(found + " and " + key + " cannot be used together");
        }
        found = key;
      }
    }
    if (found == null) {
      throw ErrorCode.INVALID.failure("one of " + String.join(", ", keys) + " is missing");
    }
    return found;
  }

  private static void refuse(JsonObject json, String with, String... keys) {
    for (String key : keys) {
      if (json.containsKey(key)) {
        throw ErrorCode.INVALID.failure(key + " cannot be used with " + with);
      }
    }
  }

  private static Duration millis(JsonObject json, String key) {
    return Duration.ofMillis(json.getLong(key));
  }
}
