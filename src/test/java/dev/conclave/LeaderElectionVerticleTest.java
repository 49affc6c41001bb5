package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionService;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The verticle on a real Vert.x, with the memory backend. */
@ExtendWith(VertxExtension.class)
class LeaderElectionVerticleTest {
  private final CapturedLog log = CapturedLog.of(LeaderElection.class);
  private Vertx vertx;
  private final List<LeadershipEvent> events = new CopyOnWriteArrayList<>();

  @BeforeEach
  void open(Vertx vertx) {
    LeaderOnly.RUNNING.set(0);
    this.vertx = vertx;
    vertx
        .eventBus()
        .<JsonObject>consumer(
            LeadershipEvent.address("orders"), m -> events.add(new LeadershipEvent(m.body())));
  }

  @AfterEach
  void close() {
    log.close();
  }

  private static JsonObject config(String worker) {
    return new JsonObject()
        .put("election", "orders")
        .put("worker", worker)
        .put("backend", new JsonObject().put("type", "memory"));
  }

  private Future<String> deploy(LeaderElectionVerticle verticle, JsonObject config) {
    return vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config));
  }

  private List<String> published() {
    return events.stream().map(e -> e.getWorker() + " " + e.getReason().wireName()).toList();
  }

  @Test
  void workersLeadOneAfterTheOtherAndTheChangesArePublished() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    LeaderElectionVerticle b = new LeaderElectionVerticle();
    String id = get(deploy(a, config("a")));
    get(a.election().awaitLeadership());
    get(deploy(b, config("b")));
    eventually("b sees a", () -> "a".equals(b.election().leader()));
    get(vertx.undeploy(id));
    get(b.election().awaitLeadership());
    assertThat(a.election().isLeader()).isFalse();
    eventually("all events are published", () -> published().contains("b elected"));
    assertThat(published())
        .containsSubsequence("a elected", "b observed", "a stopped", "b elected");
    assertThat(b.election().fencingToken().orElseThrow())
        .isGreaterThan(events.get(0).getFencingToken());
  }

  @Test
  void publishNonePublishesNothing() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    get(deploy(a, config("a").put("publish", "none")));
    get(a.election().awaitLeadership());
    LeaderElectionVerticle b = new LeaderElectionVerticle();
    get(deploy(b, config("b")));
    eventually("b sees a", () -> published().equals(List.of("b observed")));
  }

  @Test
  void aSubclassMissesNothing() {
    List<String> notified = new CopyOnWriteArrayList<>();
    LeaderElectionVerticle a =
        new LeaderElectionVerticle() {
          @Override
          protected void prepare(LeaderElection election) {
            election.onChange(event -> notified.add(event.getReason().wireName()));
          }
        };
    get(vertx.undeploy(get(deploy(a, config("a")))));
    assertThat(notified).containsExactly("elected", "stopped");
  }

  @Test
  void theElectionIsThereOnceDeployed() {
    assertThatThrownBy(() -> new LeaderElectionVerticle().election()).matches(ErrorCode.CLOSED::is);
  }

  @Test
  void futuresCompleteOnTheCallersContext() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    get(deploy(a, config("a")));
    Promise<Boolean> same = Promise.promise();
    io.vertx.core.Context mine = vertx.getOrCreateContext();
    mine.runOnContext(
        v ->
            a.election()
                .lead(() -> Future.succeededFuture(Vertx.currentContext() == mine))
                .onComplete(led -> same.complete(led.result() && Vertx.currentContext() == mine)));
    assertThat(get(same.future())).isTrue();
  }

  // ---- leader-only verticles

  /** Counts how many of it run. */
  public static final class LeaderOnly extends VerticleBase {
    static final AtomicInteger RUNNING = new AtomicInteger();
    static final Duration STOPPING = Duration.ofMillis(50);

    @Override
    public Future<?> start() {
      RUNNING.incrementAndGet();
      return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
      return vertx.timer(STOPPING.toMillis()).onComplete(any -> RUNNING.decrementAndGet());
    }
  }

  private static JsonObject withLeaderOnly(String worker, String verticle) {
    return config(worker)
        .put("deploy", new JsonArray().add(new JsonObject().put("verticle", verticle)));
  }

  @Test
  void aLeaderOnlyVerticleRunsOnceAndStopsBeforeItsLeaderIsReplaced() {
    String name = LeaderOnly.class.getName();
    String id = get(deploy(new LeaderElectionVerticle(), withLeaderOnly("a", name)));
    eventually("it runs", () -> LeaderOnly.RUNNING.get() == 1);
    LeaderElectionVerticle b = new LeaderElectionVerticle();
    List<Integer> runningAtElection = new CopyOnWriteArrayList<>();
    get(deploy(b, config("b")));
    b.election()
        .onChange(
            event -> {
              if (event.isLeading()) {
                runningAtElection.add(LeaderOnly.RUNNING.get());
              }
            });
    get(vertx.undeploy(id));
    get(b.election().awaitLeadership());
    assertThat(runningAtElection).containsExactly(0);
  }

  @Test
  void aLeaderOnlyVerticleStopsBeforeTheLeadershipIsReleasedWhenVertxCloses() {
    Vertx other = Vertx.vertx();
    try {
      LeaderElectionVerticle a = new LeaderElectionVerticle();
      List<Integer> runningAtEnd = new CopyOnWriteArrayList<>();
      get(
          other.deployVerticle(
              a,
              new DeploymentOptions().setConfig(withLeaderOnly("a", LeaderOnly.class.getName()))));
      a.election()
          .onChange(
              event -> {
                if (event.getReason().isEnd()) {
                  runningAtEnd.add(LeaderOnly.RUNNING.get());
                }
              });
      eventually("it runs", () -> LeaderOnly.RUNNING.get() == 1);
      get(other.close());
      assertThat(runningAtEnd).containsExactly(0);
    } finally {
      get(other.close());
    }
  }

  @Test
  void aLeaderOnlyVerticleFromJavaIsUndeployedOnResign() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    get(deploy(a, config("a")));
    a.election().deployWhileLeading(LeaderOnly::new, new DeploymentOptions().setInstances(2));
    eventually("both run", () -> LeaderOnly.RUNNING.get() == 2);
    get(a.election().resign(Duration.ofSeconds(60)));
    assertThat(LeaderOnly.RUNNING).hasValue(0);
  }

  @Test
  void aLeaderOnlyVerticleThatNeverStopsDoesNotKeepUndeployBack() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    String id = get(deploy(a, config("a").put("stopTimeout", 200)));
    get(a.election().awaitLeadership());
    Promise<Void> started = Promise.promise();
    Promise<Void> letGo = Promise.promise();
    a.election()
        .deployWhileLeading(
            () ->
                new VerticleBase() {
                  @Override
                  public Future<?> start() {
                    started.complete();
                    return Future.succeededFuture();
                  }

                  @Override
                  public Future<?> stop() {
                    return letGo.future();
                  }
                },
            new DeploymentOptions());
    get(started.future());
    get(vertx.undeploy(id));
    assertThat(log.messages()).anyMatch(line -> line.contains("its work has not stopped"));
    letGo.complete();
  }

  @Test
  void aLeaderOnlyVerticleThatFailsToStopIsGoneAllTheSame() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    get(deploy(a, config("a")));
    int without = vertx.deploymentIDs().size();
    Promise<Void> started = Promise.promise();
    a.election()
        .deployWhileLeading(
            () ->
                new VerticleBase() {
                  @Override
                  public Future<?> start() {
                    started.complete();
                    return Future.succeededFuture();
                  }

                  @Override
                  public Future<?> stop() {
                    return Future.failedFuture("it does not want to");
                  }
                },
            new DeploymentOptions());
    get(started.future());
    eventually("it is deployed", () -> vertx.deploymentIDs().size() == without + 2);
    get(a.election().resign(Duration.ofSeconds(60)));
    assertThat(log.messages()).noneMatch(line -> line.contains("its work has not stopped"));
    eventually("nothing is left of it", () -> vertx.deploymentIDs().size() == without);
  }

  @Test
  void aLeaderOnlyVerticleThatDoesNotExistMakesItsLeaderResign() {
    String id = get(deploy(new LeaderElectionVerticle(), withLeaderOnly("a", "no.such.Verticle")));
    eventually("it resigns", () -> published().contains("a resigned"));
    assertThat(log.messages()).anyMatch(line -> line.contains("'no.such.Verticle'"));
    get(vertx.undeploy(id));
    eventually("nothing is left", () -> vertx.deploymentIDs().isEmpty());
  }

  // ---- the service

  @Test
  void anyWorkerSaysWhoLeadsAndPassesResignOnToTheLeader() {
    LeaderElectionVerticle a = new LeaderElectionVerticle();
    get(deploy(a, config("a")));
    get(a.election().awaitLeadership());
    LeaderElectionVerticle b = new LeaderElectionVerticle();
    get(deploy(b, config("b")));
    eventually("b sees a", () -> "a".equals(b.election().leader()));
    LeaderElectionService shared = LeaderElectionService.createProxy(vertx, "orders");
    for (int i = 0; i < 4; i++) {
      assertThat(get(shared.status()).getLeader()).isEqualTo("a");
    }
    assertThat(get(LeaderElectionService.createWorkerProxy(vertx, "orders", "b").status()).toJson())
        .isEqualTo(get(b.election().status()).toJson());
    get(shared.resign(60_000));
    get(b.election().awaitLeadership());
    eventually("a sees b", () -> "b".equals(a.election().leader()));
    get(shared.resign(60_000)); // the bus takes turns: the other one answers now
    eventually("no worker leads", () -> !b.election().isLeader() && b.election().leader() == null);
  }

  @Test
  void theServiceRefusesWithItsCodes() {
    LeaderElectionVerticle o = new LeaderElectionVerticle();
    String id = get(deploy(o, config("o").put("candidate", false)));
    LeaderElectionService shared = LeaderElectionService.createProxy(vertx, "orders");
    Throwable refused = failureOf(shared.resign(1));
    assertThat(ErrorCode.NOT_OWNER.is(refused)).isTrue();
    assertThat(refused).hasMessageContaining("no worker leads election 'orders'");
    assertThat(ErrorCode.INVALID.is(failureOf(shared.resign(-1)))).isTrue();
    get(vertx.undeploy(id));
    for (Future<?> call : List.of(shared.status(), shared.resign(1))) {
      Throwable silent = failureOf(call);
      assertThat(ErrorCode.BACKEND_UNAVAILABLE.is(silent)).as("%s", silent).isTrue();
      assertThat(silent).hasMessageContaining("'conclave.election.orders'");
    }
  }

  // ---- bad input

  static Stream<Arguments> badConfigurations() {
    return Stream.of(
        Arguments.of(new JsonObject(), "election is missing"),
        Arguments.of(new JsonObject(), "backend is missing"),
        Arguments.of(config("a").put("elektion", "x"), "elektion is not a known key"),
        Arguments.of(config("a").put("leaseDuration", "15s"), "leaseDuration is \"15s\""),
        Arguments.of(config("a").put("leaseDuration", -1), "leaseDuration is -1"),
        Arguments.of(config("a").put("renewDeadline", 20_000), "leaseDuration 15000"),
        Arguments.of(config("a").put("retryInterval", 10_000), "renewDeadline 10000"),
        Arguments.of(config("a").put("backendTimeout", 10_000), "renewDeadline 10000"),
        Arguments.of(config("a").put("publish", "all"), "publish is \"all\""),
        Arguments.of(config("a").put("jitter", 2), "jitter is 2"),
        Arguments.of(config("a").put("election", "x".repeat(201)), "election"),
        Arguments.of(config("a").put("worker", "${NO_SUCH_VARIABLE_HERE}"), "NO_SUCH_VARIABLE"),
        Arguments.of(
            config("a").put("metadata", new JsonObject().put("x", "x".repeat(5_000))), "metadata"),
        Arguments.of(withLeaderOnly("a", ""), "deploy[0].verticle"),
        Arguments.of(
            config("a").put("deploy", new JsonArray().add(new JsonObject())),
            "deploy[0].verticle is missing"),
        Arguments.of(
            config("a").put("backend", new JsonObject().put("type", "floppy")),
            "backend.type 'floppy' is unknown; known types: "),
        // It may contain a password, so it is not repeated.
        Arguments.of(
            config("a").put("backend", "memory"), "backend has a wrong value; expected an object"));
  }

  @ParameterizedTest
  @MethodSource("badConfigurations")
  void aBadConfigurationIsRefusedByName(JsonObject config, String part) {
    Throwable refused = failureOf(deploy(new LeaderElectionVerticle(), config));
    assertThat(ErrorCode.INVALID.is(refused)).as("%s", refused).isTrue();
    assertThat(refused).hasMessageContaining(part);
    eventually("nothing is left", () -> vertx.deploymentIDs().isEmpty());
  }

  // ---- nothing leaks

  @Test
  void twoHundredStartsAndStopsLeaveNothing() {
    for (int i = 0; i < 200; i++) {
      LeaderElectionVerticle a = new LeaderElectionVerticle();
      String id = get(deploy(a, config("a")));
      get(a.election().awaitLeadership());
      get(vertx.undeploy(id));
    }
    eventually("nothing is left", () -> vertx.deploymentIDs().isEmpty());
    eventually("every end is published", () -> events.size() == 400);
    String[] round = {"a elected", "a stopped"};
    for (int i = 0; i < 400; i += 2) {
      assertThat(published().subList(i, i + 2)).containsExactly(round);
    }
    assertThat(
            ErrorCode.BACKEND_UNAVAILABLE.is(
                failureOf(LeaderElectionService.createProxy(vertx, "orders").status())))
        .isTrue();
  }
}
