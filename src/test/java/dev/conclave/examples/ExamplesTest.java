package dev.conclave.examples;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.Conclave;
import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.task.TaskService;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Tuple;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every example does what it says, so that none can rot. */
@ExtendWith(VertxExtension.class)
class ExamplesTest {
  private static final JsonObject MEMORY = new JsonObject().put("type", "memory");
  private static final JsonObject CONFIG =
      new JsonObject().put("backend", MEMORY).put("requires", "process");

  private Vertx vertx;

  @BeforeEach
  void open(Vertx own) {
    vertx = own;
  }

  @Test
  void deployAndListenReceivesThatItLeads() {
    JsonObject event = get(DeployAndListen.run(vertx, MEMORY));
    assertThat(event.getString("reason")).isEqualTo("elected");
    assertThat(event.getString("leader")).isEqualTo("worker-1");
    assertThat(event.getLong("fencingToken")).isPositive();
  }

  @Test
  void leaderOnlyAnswersFromTheLeader() {
    assertThat(get(LeaderOnly.run(vertx, MEMORY))).isEqualTo("imported 42 rows");
  }

  @Test
  void withLockRunsUnderTheLockAndReleasesIt() {
    assertThat(get(WithLock.run(vertx, CONFIG))).startsWith("invoice sent under fencing token ");
    SyncBackend backend = get(Backends.connect(vertx, MEMORY));
    assertThat(get(backend.find(LeaseKey.lock("invoice:4711")))).isEmpty();
    get(backend.close());
  }

  @Test
  void withLockOverTheBusRunsUnderTheLockToo() {
    assertThat(get(LockOverTheBus.run(vertx, CONFIG)))
        .startsWith("invoice sent under fencing token ");
  }

  @Test
  void blockingWorkRunsOnAWorker() {
    assertThat(get(BlockingWork.run(vertx, CONFIG)))
        .startsWith("converted on vert.x-worker-thread");
  }

  @Test
  void tasksRunWhatTheyAreDueToRun() {
    Conclave conclave = get(Conclave.connect(vertx, new JsonObject().put("backend", MEMORY)));
    Tasks tasks = new Tasks();
    tasks.start(conclave);
    eventually(
        "both interval tasks ran",
        () -> tasks.done().contains("refreshed") && tasks.done().contains("exported under"));
    assertThat(get(TaskService.createProxy(vertx).trigger("reports.nightly")).getSync())
        .isEqualTo("once per tick");
    eventually("it was triggered", () -> tasks.done().contains("reported"));
    get(conclave.close());
  }

  @Test
  void everyMinuteRunsOnTheLeaderOnly() {
    List<Long> tokens = new CopyOnWriteArrayList<>();
    Duration often = Duration.ofMillis(10);
    Conclave one = get(EveryMinute.run(vertx, CONFIG, often, tokens::add));
    Conclave two = get(EveryMinute.run(vertx, CONFIG, often, tokens::add));
    eventually("it runs", () -> tokens.size() > 5);
    assertThat(one.election("cleaner").isLeader()).isNotEqualTo(two.election("cleaner").isLeader());
    assertThat(Set.copyOf(tokens)).hasSize(1);
    get(one.close());
    get(two.close());
  }

  @Test
  void aFencedWriteRejectsThePausedHolder() {
    String uri = PostgresServer.shared().uri();
    JsonObject config = new JsonObject().put("type", "postgres").put("uri", uri);
    SyncBackend backend = get(Backends.connect(vertx, config));
    Pool sql = PgBuilder.pool().connectingTo(PgConnectOptions.fromUri(uri)).using(vertx).build();
    String account = "account-" + System.nanoTime();
    LeaseKey key = LeaseKey.lock(account);
    get(FencedWrite.prepare(sql, account));

    long paused = fence(backend, LeaseRequest.of(key, "a", Duration.ofMillis(50), "paused"));
    long[] next = new long[1];
    eventually(
        "the paused holder's lease expires",
        () -> {
          next[0] = fence(backend, LeaseRequest.of(key, "b", Duration.ofSeconds(30), "next"));
          return next[0] > 0;
        });
    get(FencedWrite.write(sql, account, 100, next[0]));
    get(FencedWrite.write(sql, account, 200, next[0]));
    assertThat(failureOf(FencedWrite.write(sql, account, 999, paused)))
        .hasMessageContaining("fenced off");
    assertThat(
            get(sql.preparedQuery("SELECT balance FROM account WHERE id = $1")
                    .execute(Tuple.of(account)))
                .iterator()
                .next()
                .getLong(0))
        .isEqualTo(200);
    get(sql.close());
    get(backend.close());
  }

  private static long fence(SyncBackend backend, LeaseRequest request) {
    return get(backend.acquire(request)) instanceof Acquisition.Granted granted
        ? granted.fencingToken()
        : -1;
  }

  @Test
  void theDemoShowsLeadersStepDownsTakeOversAndLocks() throws IOException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    JsonObject config = new JsonObject(Files.readString(Path.of("conf/memory.json")));
    get(Demo.start(vertx, config, new PrintStream(shown, true, StandardCharsets.UTF_8)));
    eventually(
        "two leaders, a step-down and lock grants",
        () -> {
          String text = shown.toString(StandardCharsets.UTF_8);
          return text.split(" LEADS, fencing token ").length > 2
              && text.contains("to step down")
              && text.contains("leads no more (resigned)")
              && text.contains("holds it after");
        });
  }
}
