package dev.conclave;

import dev.conclave.config.ConfigSchema;
import dev.conclave.config.Environment;
import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.task.declared.DeclaredTasks;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Everything from one JSON file: a lock service, any number of elections, and tasks, on one
 * backend. It is what {@code java -jar} runs.
 *
 * <p>The keys of its configuration, with at least one of {@code locks}, {@code elections} and
 * {@code tasks}:
 *
 * <ul>
 *   <li>{@code backend}: required.
 *   <li>{@code requires}: {@code "cluster"} refuses a backend for one process, {@code "process"}
 *       declares that such a backend is intended.
 *   <li>{@code startTimeout}: how long the start waits for a backend that cannot be reached yet, in
 *       milliseconds; 0 by default.
 *   <li>{@code locks}: as for {@link LockServiceVerticle}, without the backend.
 *   <li>{@code elections}: an array of objects, each as for {@link LeaderElectionVerticle}, without
 *       the backend.
 *   <li>{@code tasks}: as for {@link TaskManagerVerticle}. {@code taskManager} has its other keys.
 * </ul>
 *
 * <p>The whole file is checked before anything is deployed. When one part cannot start, no part
 * does.
 */
public class ConclaveVerticle extends VerticleBase {
  private static final String BACKEND = EmbeddedConclave.BACKEND;
  private static final String LOCKS = "locks";
  private static final String ELECTIONS = "elections";
  private static final String TASKS = "tasks";
  private static final String TASK_MANAGER = "taskManager";

  private final Map<String, Supplier<LeaderElection>> running = new HashMap<>();

  private record Part(Supplier<Deployable> verticle, JsonObject config) {}

  @Override
  public Future<?> start() {
    return StartFailure.ofStart(this::begin);
  }

  private Future<?> begin() {
    JsonObject config = config() == null ? new JsonObject() : config().copy();
    ConfigSchema schema = ConfigSchema.named("conclave");
    // The only keys of this level that are expanded here: the parts expand their own.
    JsonObject own = new JsonObject();
    for (String key : List.of(EmbeddedConclave.START_TIMEOUT, RequiredStore.KEY)) {
      if (config.containsKey(key)) {
        own.put(key, config.getValue(key));
      }
    }
    config.mergeIn(Environment.ofProcess().expand("", own, schema::expected));
    check(schema.check("", config));
    // Waits for the store, for all parts. While this handle is open, they find it connected.
    return EmbeddedConclave.backend(vertx, config)
        .compose(handle -> deployAll(config).eventually(() -> handle.close()));
  }

  private Future<?> deployAll(JsonObject config) {
    List<Future<String>> deployments = new ArrayList<>();
    parts(config).forEach(part -> deployments.add(deploy(part)));
    return Future.join(deployments)
        .compose(
            deployed -> {
              // Tasks may depend on elections, so they come last.
              tasks(config).forEach(part -> deployments.add(deploy(part)));
              return Future.join(deployments);
            })
        .recover(failure -> undeploy(deployments, failure));
  }

  private Future<String> deploy(Part part) {
    return vertx.deployVerticle(
        part.verticle.get(), new DeploymentOptions().setConfig(part.config));
  }

  private Future<io.vertx.core.CompositeFuture> undeploy(
      List<Future<String>> deployments, Throwable failure) {
    List<Future<Void>> ends = new ArrayList<>();
    for (Future<String> deployment : deployments) {
      if (deployment.succeeded()) {
        ends.add(vertx.undeploy(deployment.result()));
      }
    }
    return Future.join(ends).transform(ended -> Future.failedFuture(failure));
  }

  private static void check(JsonObject config) {
    if (!config.containsKey(LOCKS)
        && config.getJsonArray(ELECTIONS, new JsonArray()).isEmpty()
        && config.getJsonArray(TASKS, new JsonArray()).isEmpty()) {
      throw ErrorCode.INVALID.failure(
          "the configuration deploys nothing; expected locks (an object, may be empty), elections"
              + " or tasks (arrays of objects) in addition to backend");
    }
    if (config.containsKey(LOCKS)) {
      ConfigSchema.named("locks").read(LOCKS, with(config, config.getJsonObject(LOCKS)));
    }
    JsonArray elections = config.getJsonArray(ELECTIONS, new JsonArray());
    Set<String> names = new HashSet<>();
    for (int i = 0; i < elections.size(); i++) {
      JsonObject election =
          ConfigSchema.named("election")
              .read(ELECTIONS + "[" + i + "]", with(config, elections.getJsonObject(i)));
      names.add(election.getString("election"));
    }
    if (config.containsKey(TASKS) || config.containsKey(TASK_MANAGER)) {
      ConfigSchema.named("tasks")
          .read(TASK_MANAGER, with(config, config.getJsonObject(TASK_MANAGER, new JsonObject())));
      JsonObject tasks =
          ConfigSchema.named("tasks")
              .read(new JsonObject().put(BACKEND, new JsonObject()).put(TASKS, tasksOf(config)));
      DeclaredTasks.check(tasks.getJsonArray(TASKS), names);
    }
  }

  private List<Part> parts(JsonObject config) {
    List<Part> parts = new ArrayList<>();
    if (config.containsKey(LOCKS)) {
      parts.add(new Part(LockServiceVerticle::new, with(config, config.getJsonObject(LOCKS))));
    }
    for (Object election : config.getJsonArray(ELECTIONS, new JsonArray())) {
      parts.add(
          new Part(
              () -> election(with(config, (JsonObject) election)),
              with(config, (JsonObject) election)));
    }
    return parts;
  }

  private LeaderElectionVerticle election(JsonObject one) {
    LeaderElectionVerticle verticle = new LeaderElectionVerticle();
    JsonObject expanded = ConfigSchema.named("election").read(one);
    running.put(expanded.getString("election"), verticle::election);
    return verticle;
  }

  private List<Part> tasks(JsonObject config) {
    if (tasksOf(config).isEmpty()) {
      return List.of();
    }
    JsonObject manager = config.getJsonObject(TASK_MANAGER, new JsonObject());
    return List.of(
        new Part(
            () -> new TaskManagerVerticle(List.of(), running),
            with(config, manager).put(TASKS, tasksOf(config))));
  }

  private static JsonArray tasksOf(JsonObject config) {
    return config.getJsonArray(TASKS, new JsonArray());
  }

  private static JsonObject with(JsonObject config, JsonObject part) {
    JsonObject whole = part.copy().put(BACKEND, config.getJsonObject(BACKEND));
    return config.containsKey(RequiredStore.KEY)
        ? whole.put(RequiredStore.KEY, config.getValue(RequiredStore.KEY))
        : whole;
  }
}
