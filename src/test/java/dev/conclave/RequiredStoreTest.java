package dev.conclave;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that only one process sees is refused where a cluster is required. */
@ExtendWith(VertxExtension.class)
class RequiredStoreTest {
  private static final String REFUSED =
      "backend.type 'memory' protects one process only, but requires is \"cluster\"; configure"
          + " redis, postgres or kubernetes";

  private static JsonObject memory(String requires) {
    JsonObject config = new JsonObject().put("backend", new JsonObject().put("type", "memory"));
    return requires == null ? config : config.put("requires", requires);
  }

  private static JsonObject redis(String requires) {
    return memory(requires).put("backend", new JsonObject().put("type", "redis"));
  }

  private static Map<Supplier<Deployable>, JsonObject> verticles() {
    return Map.of(
        LockServiceVerticle::new,
        new JsonObject(),
        LeaderElectionVerticle::new,
        new JsonObject().put("election", "e"),
        TaskManagerVerticle::new,
        new JsonObject(),
        ConclaveVerticle::new,
        new JsonObject()
            .put("locks", new JsonObject())
            .put("elections", new JsonArray().add(new JsonObject().put("election", "e"))));
  }

  @Test
  void everyVerticleRefusesMemoryWhereAClusterIsRequired(Vertx vertx) {
    verticles()
        .forEach(
            (verticle, config) -> {
              DeploymentOptions options =
                  new DeploymentOptions().setConfig(config.copy().mergeIn(memory("cluster")));
              Throwable failure = failureOf(vertx.deployVerticle(verticle.get(), options));
              assertThat(failure).matches(ErrorCode.INVALID::is).hasMessage(REFUSED);
            });
    assertThat(failureOf(Conclave.connect(vertx, memory("cluster"))))
        .matches(ErrorCode.INVALID::is)
        .hasMessage(REFUSED);
  }

  @Test
  void everyVerticleStartsOnMemoryThatIsIntended(Vertx vertx) {
    verticles()
        .forEach(
            (verticle, config) ->
                get(
                    vertx.deployVerticle(
                        verticle.get(),
                        new DeploymentOptions()
                            .setConfig(config.copy().mergeIn(memory("${NOT_SET:process}"))))));
    get(get(Conclave.connect(vertx, memory("process"))).close());
  }

  @Test
  void anyOtherValueIsRefused(Vertx vertx) {
    assertThat(failureOf(Conclave.connect(vertx, memory("clustre"))))
        .matches(ErrorCode.INVALID::is)
        .hasMessage("requires is \"clustre\"; expected \"cluster\" or \"process\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cluster", "process"})
  void aStoreOfSeveralProcessesIsAlwaysAllowed(String requires) {
    AtomicBoolean warned = new AtomicBoolean();
    assertThatCode(() -> RequiredStore.check(redis(requires), null, warned))
        .doesNotThrowAnyException();
    RequiredStore.check(redis(null), null, warned);
    RequiredStore.check(redis(null), "cluster", warned);
    assertThat(warned).isFalse();
  }

  @Test
  void theEnvironmentVariableOverridesTheKey() {
    AtomicBoolean warned = new AtomicBoolean();
    assertThatThrownBy(() -> RequiredStore.check(memory("process"), "cluster", warned))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("but CONCLAVE_REQUIRES is \"cluster\"");
    assertThatCode(() -> RequiredStore.check(memory("cluster"), "process", warned))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> RequiredStore.check(redis(null), "", warned))
        .matches(ErrorCode.INVALID::is)
        .hasMessage("CONCLAVE_REQUIRES is \"\"; expected \"cluster\" or \"process\"");
  }

  @Test
  void memoryThatIsNotAskedForIsReportedOnce() {
    AtomicBoolean warned = new AtomicBoolean();
    try (CapturedLog log = CapturedLog.of(Conclave.class)) {
      RequiredStore.check(memory("process"), null, warned);
      assertThat(log.messages()).isEmpty();
      RequiredStore.check(memory(null), null, warned);
      RequiredStore.check(memory(null), null, warned);
      assertThat(log.messages())
          .singleElement()
          .asString()
          .startsWith("backend.type 'memory' protects one process only: other processes do not");
    }
  }
}
