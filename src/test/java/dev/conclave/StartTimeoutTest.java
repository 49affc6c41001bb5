package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.LateServer;
import dev.conclave.testing.Ports;
import dev.conclave.testing.PostgresServer;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a start does while the store cannot be reached, and what it says. */
@ExtendWith(VertxExtension.class)
class StartTimeoutTest {
  private static final String REFUSED = "Connection refused";

  private static JsonObject store(String type, String uri) {
    JsonObject backend = new JsonObject().put("type", type);
    return switch (type) {
      case "redis" -> backend.put("options", new JsonObject().put("connectionString", uri));
      case "postgres" -> backend.put("uri", uri);
      default -> backend.put("apiServer", uri).put("namespace", "default");
    };
  }

  private static JsonObject nothingAt(String type) {
    String place = "127.0.0.1:" + Ports.free();
    return switch (type) {
      case "redis" -> store(type, "redis://" + place);
      case "postgres" -> store(type, "postgresql://me:secret@" + place + "/db");
      default -> store(type, "http://" + place);
    };
  }

  private static Future<String> deploy(Vertx vertx, JsonObject config) {
    return deploy(vertx, new ConclaveVerticle(), config.put("locks", new JsonObject()));
  }

  private static Future<String> deploy(Vertx vertx, Deployable verticle, JsonObject config) {
    return vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config));
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis", "postgres", "kubernetes"})
  void withoutItTheFirstRefusalEndsTheStart(String type, Vertx vertx) {
    try (CapturedLog log = CapturedLog.ofConclave()) {
      Throwable failure =
          failureOf(deploy(vertx, new JsonObject().put("backend", nothingAt(type))));
      assertThat(failure)
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContainingAll(
              REFUSED, "the start does not wait for the store (startTimeout is 0)");
      assertThat(failure).hasToString("BACKEND_UNAVAILABLE: " + failure.getMessage());
      assertThat(log.text()).doesNotContain("trying again", "the start waits");
    }
    assertThat(vertx.deploymentIDs()).as("nothing stays behind").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis", "postgres", "kubernetes"})
  void aStartWaitsThatLongAndGivesUpWithTheLastCause(String type, Vertx vertx) {
    try (CapturedLog log = CapturedLog.of(Backends.class)) {
      JsonObject config = new JsonObject().put("backend", nothingAt(type)).put("startTimeout", 300);
      assertThat(failureOf(deploy(vertx, config)))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContainingAll(
              "the start gives up after waiting", "(startTimeout 300); ", "last cause: ", REFUSED);
      assertThat(log.messages()).hasSize(2);
      assertThat(log.messages().get(0))
          .startsWith("the start waits up to 300 ms (startTimeout) for the store; last cause: ")
          .contains(REFUSED);
      assertThat(log.messages().get(1)).startsWith("the start gives up after waiting");
    }
    assertThat(vertx.deploymentIDs()).as("nothing stays behind").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis", "postgres"})
  void aStoreThatComesMeanwhileIsUsed(String type, Vertx vertx) {
    String uri = type.equals("redis") ? RedisServer.shared().uri() : PostgresServer.shared().uri();
    LateServer server = new LateServer(vertx, uri);
    try (CapturedLog log = CapturedLog.of(Backends.class)) {
      Future<String> deployed =
          deploy(
              vertx,
              new JsonObject()
                  .put("backend", store(type, server.uri()))
                  .put("startTimeout", "${NOT_SET:60000}"));
      eventually("it waits", () -> log.messages().size() == 1);
      assertThat(deployed.isComplete()).isFalse();
      server.open();
      assertThat(get(deployed)).isNotEmpty();
      assertThat(log.messages().get(1)).startsWith("the store can be reached after");
      get(vertx.undeploy(deployed.result()));
    }
  }

  @Test
  void everyVerticleHasTheKey(Vertx vertx) {
    Map<Supplier<Deployable>, JsonObject> verticles =
        Map.of(
            LeaderElectionVerticle::new,
            new JsonObject().put("election", "one"),
            LockServiceVerticle::new,
            new JsonObject(),
            TaskManagerVerticle::new,
            new JsonObject());
    verticles.forEach(
        (verticle, config) -> {
          JsonObject backend = nothingAt("redis");
          config.put("backend", backend).put("startTimeout", 50);
          assertThat(failureOf(deploy(vertx, verticle.get(), config)))
              .hasMessageContaining("(startTimeout 50)");
          config.put("startTimeout", -1);
          assertThat(failureOf(deploy(vertx, verticle.get(), config)))
              .matches(ErrorCode.INVALID::is)
              .hasMessage(
                  "startTimeout is -1; expected a whole number of milliseconds from 0 to 86400000"
                      + " (a day)");
        });
  }

  @Test
  void whatWillNeverBeRightIsNotWaitedFor(Vertx vertx) {
    JsonObject config =
        new JsonObject()
            .put("backend", nothingAt("postgres").put("tabel", "x"))
            .put("startTimeout", 60_000);
    assertThat(failureOf(deploy(vertx, config))).matches(ErrorCode.INVALID::is);
  }

  @Test
  void aWaitEndsWithVertx() {
    Vertx vertx = Vertx.vertx();
    JsonObject config =
        new JsonObject()
            .put("backend", nothingAt("redis"))
            .put("startTimeout", 86_400_000)
            .put("elections", new JsonArray().add(new JsonObject().put("election", "one")));
    try (CapturedLog log = CapturedLog.of(Backends.class)) {
      Future<String> deployed = deploy(vertx, config);
      eventually("it waits", () -> log.messages().size() == 1);
      long begun = System.nanoTime();
      get(vertx.close());
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .as("not held up until handles that are never closed are abandoned, after 30 s")
          .isLessThan(Duration.ofSeconds(20));
      failureOf(deployed);
    }
  }
}
