package dev.conclave;

import dev.conclave.backend.ErrorCode;
import dev.conclave.config.ConfigSchema;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Everything from one JSON file: a lock service and any number of elections on one backend. It is
 * what {@code java -jar} runs.
 *
 * <p>Configuration: {@code backend} (required), {@code locks} (as {@link LockServiceVerticle},
 * without the backend) and {@code elections} (an array of objects as {@link
 * LeaderElectionVerticle}, without the backend); at least one of the two. The whole file is checked
 * before anything is deployed. When one part can not start, none does.
 */
public class ConclaveVerticle extends VerticleBase {
  private static final String BACKEND = "backend";
  private static final String LOCKS = "locks";
  private static final String ELECTIONS = "elections";

  private record Part(Supplier<Deployable> verticle, JsonObject config) {}

  @Override
  public Future<?> start() {
    JsonObject expanded = ConfigSchema.named("conclave").read(config());
    check(expanded);
    // The parts expand environment variables themselves: what those bring in is not expanded twice.
    List<Future<String>> deployments = new ArrayList<>();
    for (Part part : parts(config())) {
      deployments.add(
          vertx.deployVerticle(
              part.verticle.get(), new DeploymentOptions().setConfig(part.config)));
    }
    return Future.join(deployments).recover(failure -> undeploy(deployments, failure));
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
    if (!config.containsKey(LOCKS) && config.getJsonArray(ELECTIONS, new JsonArray()).isEmpty()) {
      throw ErrorCode.INVALID.failure(
          "the configuration deploys nothing; expected locks (an object, may be empty) or elections"
              + " (an array of objects) beside backend");
    }
    if (config.containsKey(LOCKS)) {
      ConfigSchema.named("locks").check(LOCKS, with(config, config.getJsonObject(LOCKS)));
    }
    JsonArray elections = config.getJsonArray(ELECTIONS, new JsonArray());
    for (int i = 0; i < elections.size(); i++) {
      ConfigSchema.named("election")
          .check(ELECTIONS + "[" + i + "]", with(config, elections.getJsonObject(i)));
    }
  }

  private static List<Part> parts(JsonObject config) {
    List<Part> parts = new ArrayList<>();
    if (config.containsKey(LOCKS)) {
      parts.add(new Part(LockServiceVerticle::new, with(config, config.getJsonObject(LOCKS))));
    }
    for (Object election : config.getJsonArray(ELECTIONS, new JsonArray())) {
      parts.add(new Part(LeaderElectionVerticle::new, with(config, (JsonObject) election)));
    }
    return parts;
  }

  private static JsonObject with(JsonObject config, JsonObject part) {
    return part.copy().put(BACKEND, config.getJsonObject(BACKEND));
  }
}
