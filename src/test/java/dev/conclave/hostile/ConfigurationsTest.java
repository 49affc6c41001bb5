package dev.conclave.hostile;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.ConclaveVerticle;
import dev.conclave.LeaderElectionVerticle;
import dev.conclave.LockServiceVerticle;
import dev.conclave.TaskManagerVerticle;
import dev.conclave.error.ErrorCode;
import dev.conclave.hostile.Mutations.Mutated;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.Planted;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Configurations that are wrong in one place: each is accepted, or refused with {@code INVALID} by
 * the key's name, or the backend cannot be reached. Whatever it is, nothing stays behind.
 */
class ConfigurationsTest {
  private static final int EACH = 60;

  /** Work that a leader has. */
  public static final class Nothing extends VerticleBase {}

  private record Valid(Supplier<Deployable> verticle, JsonObject config) {}

  private record Attempt(Mutated mutated, Future<String> deployed) {}

  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private Vertx vertx;

  static LongStream seeds() {
    return Seeds.all();
  }

  @BeforeEach
  void open() {
    vertx = Vertx.vertx().exceptionHandler(uncaught::add);
  }

  @AfterEach
  void close() {
    get(vertx.close());
    assertThat(uncaught).as("exceptions that were not caught").isEmpty();
  }

  private static JsonObject json(String text) {
    return new JsonObject(
        text.replace('\'', '"')
            .replace("SECRET", Planted.MARKER)
            .replace("NOTHING", Nothing.class.getName()));
  }

  private static final JsonObject ELECTION =
      json(
          "{'election': 'e', 'worker': 'w', 'leaseDuration': 15000, 'renewDeadline': 10000,"
              + "'retryInterval': 2000, 'backendTimeout': 5000, 'errorInterval': 30000,"
              + "'stopTimeout': 1000, 'jitter': 0.1, 'candidate': true, 'publish': 'local',"
              + "'metadata': {'a': [1]}, 'deploy': [{'verticle': 'NOTHING', 'options':"
              + "{'config': {'a': 1}, 'instances': 1, 'threadingModel': 'WORKER',"
              + "'workerPoolName': 'p', 'workerPoolSize': 2, 'maxWorkerExecuteTime': 100000,"
              + "'maxWorkerExecuteTimeUnit': 'MILLISECONDS'}}]}");

  private static final JsonArray TASKS =
      json("{'tasks': [{'name': 'a', 'cron': '0 2 * * *', 'zone': 'Europe/Zurich',"
              + "'jitter': 1000, 'address': 'x', 'mode': 'publish', 'timeout': 60000,"
              + "'retry': {'times': 3, 'backoff': 5000},"
              + "'sync': {'oncePerTick': true, 'misfireGrace': 60000}},"
              + "{'name': 'b', 'every': 3600000, 'initialDelay': 3600000, 'jitter': 50,"
              + "'address': 'x', 'mode': 'publish', 'message': {'a': 1},"
              + "'sync': {'lease': 300000, 'minHold': 240000, 'lock': 'l', 'cancelOnLost': true}},"
              + "{'name': 'c', 'atFixedRate': 3600000, 'initialDelay': 3600000,"
              + "'verticle': 'NOTHING', 'options': {'config': {}, 'instances': 1,"
              + "'threadingModel': 'WORKER', 'workerPoolName': 'p', 'workerPoolSize': 1},"
              + "'sync': {'taskLock': true}}]}")
          .getJsonArray("tasks");

  private static final JsonObject LOCKS =
      json("{'address': 'l', 'maxWaiters': 5, 'maxWait': 1000, 'backendTimeout': 1000}");

  private static final JsonObject MANAGER =
      json(
          "{'address': 't', 'worker': 'w', 'shutdownTimeout': 1000, 'errorInterval': 1000,"
              + "'publish': 'local'}");

  private static final JsonObject MEMORY = json("{'type': 'memory'}");

  /** No server listens on port 1. */
  private static final List<JsonObject> BACKENDS =
      List.of(
          json(
              "{'type': 'redis', 'prefix': 'p', 'timeout': 200, 'idleRetention': 1000,"
                  + "'options': {'connectionString': 'redis://:SECRET@127.0.0.1:1',"
                  + "'type': 'STANDALONE', 'user': 'me', 'password': 'SECRET',"
                  + "'role': 'MASTER', 'useReplicas': 'NEVER', 'topology': 'DISCOVER',"
                  + "'netClientOptions': {'connectTimeout': 100, 'ssl': false},"
                  + "'protocolNegotiation': true, 'preferredProtocolVersion': 'RESP2',"
                  + "'maxNestedArrays': 32, 'maxWaitingHandlers': 10, 'maxPoolSize': 2,"
                  + "'maxPoolWaiting': 8, 'poolName': 'n', 'poolCleanerInterval': -1,"
                  + "'poolRecycleTimeout': 1000}}"),
          json(
              "{'type': 'redis', 'timeout': 200, 'options': {'type': 'SENTINEL',"
                  + "'endpoints': ['redis://:SECRET@127.0.0.1:1', 'redis://127.0.0.1:2'],"
                  + "'masterName': 'm'}}"),
          json(
              "{'type': 'redis', 'timeout': 200, 'options': {'type': 'CLUSTER',"
                  + "'endpoints': ['redis://:SECRET@127.0.0.1:1'], 'hashSlotCacheTTL': 1000}}"),
          json(
              "{'type': 'postgres', 'uri': 'postgresql://me:SECRET@127.0.0.1:1/db',"
                  + "'table': 'a.b', 'autoMigrate': true, 'notifications': true, 'timeout': 200,"
                  + "'idleRetention': 1000, 'options': {'host': '127.0.0.1', 'port': 1,"
                  + "'user': 'me', 'password': 'SECRET', 'database': 'db',"
                  + "'properties': {'application_name': 'x'}, 'sslMode': 'disable',"
                  + "'sslOptions': {'pemTrustOptions': {'certPaths': ['no.pem']}},"
                  + "'cachePreparedStatements': true, 'preparedStatementCacheMaxSize': 10,"
                  + "'preparedStatementCacheSqlLimit': 1000, 'pipeliningLimit': 10,"
                  + "'useLayer7Proxy': false, 'metricsName': 'm', 'tracingPolicy': 'IGNORE'}}"),
          json(
              "{'type': 'kubernetes', 'resource': 'lease', 'namespace': 'team-a',"
                  + "'apiServer': 'http://127.0.0.1:1', 'token': 'SECRET', 'timeout': 200,"
                  + "'connections': 2, 'caFile': 'no.pem', 'clientCertFile': 'no.pem',"
                  + "'clientKeyFile': 'no.pem', 'options': {'connectTimeout': 100}}"),
          json(
              "{'type': 'kubernetes', 'apiServer': 'http://127.0.0.1:1', 'timeout': 200,"
                  + "'options': {'connectTimeout': 100}}"),
          json("{'type': 'kubernetes', 'kubeconfig': 'no.yaml', 'context': 'c', 'timeout': 200}"));

  private static JsonObject on(JsonObject backend, JsonObject config) {
    return config.copy().put("backend", backend);
  }

  private static Map<String, List<Valid>> valid() {
    JsonObject everything =
        new JsonObject()
            .put("locks", LOCKS)
            .put("elections", new JsonArray().add(ELECTION))
            .put("tasks", TASKS)
            .put("taskManager", MANAGER);
    return Map.of(
        "elections", List.of(new Valid(LeaderElectionVerticle::new, on(MEMORY, ELECTION))),
        "locks", List.of(new Valid(LockServiceVerticle::new, on(MEMORY, LOCKS))),
        "tasks",
            List.of(new Valid(TaskManagerVerticle::new, on(MEMORY, MANAGER).put("tasks", TASKS))),
        "everything", List.of(new Valid(ConclaveVerticle::new, on(MEMORY, everything))),
        "backends",
            BACKENDS.stream()
                .map(
                    backend ->
                        new Valid(
                            LockServiceVerticle::new, new JsonObject().put("backend", backend)))
                .toList());
  }

  @ParameterizedTest(name = "-Dfuzz.seed={0}")
  @MethodSource("seeds")
  void whatIsWrongIsRefusedByNameAndLeavesNothing(long seed) {
    Mutations mutations = new Mutations(new Random(seed));
    valid().keySet().stream().sorted().forEach(kind -> attempt(kind, mutations));
  }

  private void attempt(String kind, Mutations mutations) {
    List<Attempt> attempts = new ArrayList<>();
    try (CapturedLog log = CapturedLog.ofConclave()) {
      for (Valid valid : valid().get(kind)) {
        for (int i = 0; i < EACH; i++) {
          Mutated mutated = mutations.mutate(valid.config);
          attempts.add(
              new Attempt(
                  mutated,
                  vertx.deployVerticle(
                      valid.verticle.get(), new DeploymentOptions().setConfig(mutated.json()))));
        }
      }
      assertThat(attempts.stream().map(this::wrongWith).filter(Objects::nonNull))
          .as(kind)
          .isEmpty();
      eventually(
          "nothing of " + kind + " is deployed any more", () -> vertx.deploymentIDs().isEmpty());
      assertThat(log.text()).doesNotContain("Unhandled");
    }
  }

  /** What is wrong with the end of an attempt, or null; what was deployed is undeployed. */
  private String wrongWith(Attempt attempt) {
    Throwable failure =
        get(attempt.deployed.transform(outcome -> Future.succeededFuture(outcome.cause())));
    if (failure == null) {
      get(vertx.undeploy(attempt.deployed.result()));
      return null;
    }
    String shown = failure.toString();
    String what = attempt.mutated + " ended with " + shown;
    if (shown.contains(Planted.MARKER)) {
      return "shows a secret: " + what;
    }
    if (shown.length() > 3_000) {
      return "is very long: " + what.substring(0, 1_000);
    }
    boolean named = attempt.mutated.path().stream().anyMatch(shown::contains);
    boolean refused = ErrorCode.INVALID.is(failure) && named;
    return refused || ErrorCode.BACKEND_UNAVAILABLE.is(failure) ? null : what;
  }
}
