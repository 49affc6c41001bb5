package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import dev.conclave.task.TaskService;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.Ports;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * While no server listens, every failure and every log line says so, also where a timeout of ours
 * comes before the backend's own answer.
 */
@ExtendWith(VertxExtension.class)
class OutageMessagesTest {
  private static final String CAUSE = "Connection refused";

  /** Backends whose calls take longer than the services wait, and shorter. */
  static Stream<JsonObject> stores() {
    return Stream.of("redis", "postgres", "kubernetes")
        .flatMap(type -> Stream.of(400, 5_000).map(timeout -> store(type, timeout)));
  }

  private static JsonObject store(String type, int timeout) {
    JsonObject backend = new JsonObject().put("type", type).put("timeout", timeout);
    String place = "127.0.0.1:" + Ports.free();
    return switch (type) {
      case "redis" ->
          backend.put("options", new JsonObject().put("connectionString", "redis://" + place));
      case "postgres" -> backend.put("uri", "postgresql://me:secret@" + place + "/db");
      default -> backend.put("apiServer", "http://" + place).put("namespace", "default");
    };
  }

  /**
   * A backend that has not tried to connect yet. Another one has: the first refused connection of a
   * JVM takes longer than the short timeouts here.
   */
  private static SyncBackend open(Vertx vertx, JsonObject config) {
    SyncBackend first = Backends.create(vertx, config.copy().put("timeout", 10_000));
    failureOf(first.ping());
    get(first.close());
    return Backends.create(vertx, config);
  }

  private static void assertNamesTheCause(Future<?> call) {
    Throwable failure = failureOf(call);
    assertThat(failure).matches(ErrorCode.BACKEND_UNAVAILABLE::is).hasMessageContaining(CAUSE);
    assertThat(failure.getMessage().split(CAUSE, -1)).as(failure.getMessage()).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("stores")
  void locksNameIt(JsonObject config, Vertx vertx) {
    SyncBackend backend = open(vertx, config);
    LockServiceOptions options = new LockServiceOptions().setBackendTimeout(600);
    LockManager local = LockManager.create(vertx, backend, options);
    get(LockService.bind(vertx, options.getAddress(), local).completion());
    for (LockService locks : List.of(local, LockService.createProxy(vertx, options))) {
      assertNamesTheCause(locks.acquire(new LockRequest().setName("door").setWaitTimeout(0)));
      assertNamesTheCause(locks.acquire(new LockRequest().setName("door").setWaitTimeout(300)));
      assertNamesTheCause(locks.locked("door"));
    }
    get(local.close());
    get(backend.close());
  }

  @ParameterizedTest
  @MethodSource("stores")
  void theLogLineOfAnElectionsOutageNamesIt(JsonObject config, Vertx vertx) {
    SyncBackend backend = open(vertx, config);
    LeaderElection election =
        LeaderElection.create(
            vertx, backend, new LeaderElectionOptions("one").setLeaseDuration(1_800));
    try (CapturedLog log = CapturedLog.of(LeaderElection.class)) {
      get(election.start());
      eventually("the outage is logged", () -> !log.messages().isEmpty());
      assertThat(log.messages().get(0)).contains("the backend fails (1 in a row)", CAUSE);
    }
    get(election.close());
    get(backend.close());
  }

  @ParameterizedTest
  @MethodSource("stores")
  void tasksNameIt(JsonObject config, Vertx vertx) {
    SyncBackend backend = open(vertx, config);
    TaskRouter router = TaskRouter.create();
    router.every(Duration.ofHours(1), "report", () -> Future.succeededFuture()).oncePerTick();
    TaskManager local = TaskManager.create(vertx, backend).include(router);
    get(local.start());
    for (TaskService tasks : List.of(local, TaskService.createProxy(vertx))) {
      assertNamesTheCause(tasks.pause("report"));
      assertNamesTheCause(tasks.reset("report"));
    }
    get(local.close());
    get(backend.close());
  }
}
