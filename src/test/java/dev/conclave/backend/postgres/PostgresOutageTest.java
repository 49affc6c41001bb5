package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.NetClientCount;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Connections break and servers restart; the backend comes back by itself. */
class PostgresOutageTest extends PostgresFixture {
  private static PostgresServer own;

  @BeforeAll
  static void startServer() {
    own = PostgresServer.start();
  }

  @AfterAll
  static void stopServer() {
    own.close();
  }

  @Override
  PostgresServer server() {
    return own;
  }

  /** A waiter behind a holder, and what its turns have come to. */
  private final class Waiting {
    final LeaseKey key = key();
    final String holder = token();
    final AtomicInteger turns = new AtomicInteger();
    final LeaseRequest request = request(key, token()).waiting(LONG, turns::incrementAndGet);
    final long fence;

    Waiting(SyncBackend holding, SyncBackend waiting) {
      fence = acquire(holding, key, holder);
      assertThat(get(waiting.acquire(request)).granted()).isFalse();
    }

    /** The queue works: the holder releases, the waiter is notified and gets the lease. */
    void handOver(SyncBackend holding, SyncBackend waiting) {
      turns.set(0);
      assertThat(get(holding.release(key, holder))).isTrue();
      eventually("the waiter's turn", () -> turns.get() > 0);
      Acquisition claimed = get(waiting.acquire(request));
      assertThat(claimed).isInstanceOf(Acquisition.Granted.class);
      assertThat(((Acquisition.Granted) claimed).fencingToken()).isGreaterThan(fence);
    }
  }

  @Test
  void brokenConnectionsAreMadeAgainAndEveryWaiterIsNotifiedOnce() {
    SyncBackend holding = open();
    SyncBackend waiting = open();
    Waiting waiter = new Waiting(holding, waiting);
    LeaseKey watched = key();
    AtomicInteger hints = new AtomicInteger();
    waiting.watch(watched, hints::incrementAndGet);
    eventually("the watch is listening", () -> hints.get() > 0 || changes(holding, watched));
    int before = hints.get();
    own.execute(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    eventually("the waiter is called", () -> waiter.turns.get() > 0);
    eventually("the watcher is called", () -> hints.get() > before);
    acquireAfterOutage(holding, key(), token());
    acquireAfterOutage(waiting, key(), token());
    waiter.handOver(holding, waiting);
  }

  @Test
  void vertxDoesNotKeepAClientForEveryConnectionThatWasLost() {
    NetClientCount clients = new NetClientCount();
    SyncBackend backend = Backends.create(clients.vertx(), config());
    closing(() -> get(backend.close().eventually(clients.vertx()::close)));
    get(backend.ping());
    get(backend.acquire(request(key(), token()).waiting(LONG, () -> {})));
    int atFirst = clients.made();
    assertThat(atFirst).isPositive();
    for (int i = 0; i < 3; i++) {
      own.execute(
          database,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
      acquireAfterOutage(backend, key(), token());
    }
    own.stop();
    for (int i = 0; i < 3; i++) {
      assertThat(failureOf(backend.ping())).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    }
    own.restart();
    acquireAfterOutage(backend, key(), token());
    assertThat(clients.made()).isEqualTo(atFirst);
  }

  private static boolean changes(SyncBackend backend, LeaseKey key) {
    String token = token();
    acquire(backend, key, token);
    return !get(backend.release(key, token));
  }

  /**
   * The two connections go the same way: when one is lost, the other is asked for a sign of life.
   */
  @Test
  void whenOneConnectionIsLostTheOtherIsChecked() {
    SyncBackend backend = open(PostgresConfig.of(config()), Duration.ofHours(1));
    LeaseKey key = key();
    get(backend.ping());
    backend.watch(key, () -> {});
    String[] listener = new String[1];
    String listening =
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'"
            + " AND datname = current_database()";
    eventually("the listener is connected", () -> (listener[0] = one(listening)) != null);
    own.execute(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            + " current_database() AND pid NOT IN (pg_backend_pid(), "
            + listener[0]
            + ")");
    eventually(
        "the listener's connection is checked",
        () ->
            one("SELECT query FROM pg_stat_activity WHERE pid = " + listener[0])
                .contains("pg_is_in_recovery"));
  }

  /** Nothing is ever sent over an idle listener's connection but this check. */
  @Test
  void theListenersConnectionIsCheckedNowAndThen() {
    SyncBackend backend = open(PostgresConfig.of(config()), Duration.ofMillis(200));
    AtomicInteger hints = new AtomicInteger();
    get(backend.ping());
    backend.watch(key(), hints::incrementAndGet);
    eventually("it listens", () -> hints.get() > 0);
    eventually(
        "something was sent after LISTEN",
        () ->
            "2 0"
                .equals(
                    one(
                        "SELECT count(*) || ' ' || count(*) FILTER (WHERE query LIKE 'LISTEN%') FROM"
                            + " pg_stat_activity WHERE datname = current_database() AND pid <>"
                            + " pg_backend_pid()")));
  }

  @Test
  void aRestartedServerIsFoundAgain() {
    SyncBackend holding = open();
    SyncBackend waiting = open();
    Waiting waiter = new Waiting(holding, waiting);
    own.stop();
    assertThat(failureOf(holding.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("127.0.0.1:" + own.port());
    own.restart();
    acquireAfterOutage(holding, key(), token());
    acquireAfterOutage(waiting, key(), token());
    assertThat(get(holding.owns(waiter.key, waiter.holder))).isTrue();
    eventually("the waiter is called", () -> waiter.turns.get() > 0);
    waiter.handOver(holding, waiting);
  }

  @Test
  void aCrashedServerIsFoundAgainAndFencesGrow() {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    own.crash();
    own.restart();
    long other = acquireAfterOutage(backend, key(), token());
    assertThat(other).isGreaterThan(fence);
    eventually(
        "the release", () -> get(backend.release(key, token)) || !get(backend.owns(key, token)));
    assertThat(acquire(backend, key, token())).isGreaterThan(fence);
  }

  @Test
  void aServerThatWasMadeReadOnlyIsLeftAndFoundAgainWhenItCanBeWritten() {
    SyncBackend holding = open();
    SyncBackend waiting = open();
    Waiting waiter = new Waiting(holding, waiting);
    String before = pids();
    own.administer("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    own.administer("postgres", "SELECT pg_reload_conf()");
    try {
      eventually(
          "ping tells that nothing can be written",
          () -> get(holding.ping().map("").otherwise(Throwable::getMessage)).contains("read-only"));
      assertThat(failureOf(waiting.ping())).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
      eventually(
          "no connection from before is left",
          () ->
              List.of(before.split(",")).stream().noneMatch(List.of(pids().split(","))::contains));
      waiter.turns.set(0);
    } finally {
      own.administer("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
      own.administer("postgres", "SELECT pg_reload_conf()");
    }
    acquireAfterOutage(holding, key(), token());
    acquireAfterOutage(waiting, key(), token());
    eventually("the waiter is called", () -> waiter.turns.get() > 0);
    waiter.handOver(holding, waiting);
  }

  /** The connections to this test's database, but the asking one. */
  private String pids() {
    return own.known(
        "SELECT coalesce(string_agg(pid::text, ','), '') FROM pg_stat_activity WHERE datname = '"
            + database
            + "'");
  }

  @Test
  void whatWasGivenUpIsNotCarriedOutWhenItArrivesLate() {
    LeaseKey free = key();
    LeaseKey kept = key();
    LeaseKey other = key();
    String token = token();
    try (FaultProxy network = new FaultProxy("127.0.0.1", own.port())) {
      JsonObject far = far(network).put("timeout", 1000);
      // One request is under way at a time, and each statement is prepared before the network
      // fails.
      List<SyncBackend> backends = List.of(open(far), open(far), open(far), open(far));
      backends.forEach(backend -> acquireAfterOutage(backend, key(), token()));
      acquireAfterOutage(backends.get(1), kept, token);
      assertThat(get(backends.get(1).extend(kept, token, LONG))).isTrue();
      acquireAfterOutage(backends.get(2), other, token);
      assertThat(get(backends.get(2).revoke(key()))).isFalse();
      assertThat(get(backends.get(3).advance(free.name(), 2))).isTrue();
      assertThat(get(backends.get(3).retreat(free.name(), 3))).isFalse();
      network.blackHole();
      List<Future<?>> givenUp =
          List.of(
              backends.get(0).acquire(request(free, token())),
              backends.get(1).extend(kept, token, LONG.multipliedBy(2)),
              backends.get(2).revoke(other),
              backends.get(3).retreat(free.name(), 1));
      givenUp.forEach(one -> assertThat(failureOf(one)).matches(ErrorCode.BACKEND_UNAVAILABLE::is));
      pause(Duration.ofMillis(1_200)); // the deadline is past by the server's clock, too
      network.heal();
      backends.forEach(backend -> acquireAfterOutage(backend, key(), token()));
    }
    SyncBackend near = open();
    assertThat(get(near.find(free))).as("what no caller waits for").isEmpty();
    assertThat(get(near.find(kept)).orElseThrow().remaining()).isLessThan(LONG);
    assertThat(get(near.owns(other, token))).isTrue();
    assertThat(get(near.retreat(free.name(), 1))).as("it is still 2").isTrue();
  }

  @Test
  void connectionsThatANatHasForgottenAreReplacedBeforeTheyAreNeeded() {
    try (FaultProxy nat = new FaultProxy("127.0.0.1", own.port())) {
      SyncBackend backend =
          open(PostgresConfig.of(far(nat).put("timeout", 3_000)), Duration.ofMillis(300));
      acquireAfterOutage(backend, key(), token());
      backend.watch(key(), () -> {});
      eventually("two connections", () -> nat.connections() == 2 && nat.alive() == 2);
      nat.halfOpen();
      eventually("both are replaced", () -> nat.connections() == 2 && nat.alive() == 2);
      acquire(backend, key(), token());
    }
  }

  /** What reaches the server by way of this network. */
  private JsonObject far(FaultProxy network) {
    JsonObject options = new JsonObject().put("host", "127.0.0.1").put("port", network.port());
    return config().put("options", options);
  }

  @Test
  void requestsEndInTimeWhileTheServerIsDown() {
    SyncBackend backend = open(config().put("timeout", 400));
    acquireAfterOutage(backend, key(), token());
    own.stop();
    try {
      assertThat(failureOf(backend.acquire(request(key(), token()))))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContaining("127.0.0.1:" + own.port() + "/" + database)
          .hasMessageNotContaining(PostgresServer.PASSWORD);
      assertThat(failureOf(backend.list(dev.conclave.backend.LeaseKey.Kind.LOCK, "", null, 10)))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    } finally {
      own.restart();
    }
    acquireAfterOutage(backend, key(), token());
  }

  @Test
  void aMissingServerIsReportedAtOnce() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    SyncBackend backend =
        open(config().put("uri", "postgresql://me:secret@127.0.0.1:" + port + "/db"));
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("127.0.0.1:" + port + "/db")
        .hasMessageNotContaining("secret");
  }

  @Test
  void aServerThatNeverAnswersIsGivenUpInTime() throws IOException {
    try (ServerSocket mute = new ServerSocket(0)) {
      SyncBackend backend =
          open(
              config()
                  .put("timeout", 300)
                  .put("uri", "postgresql://me:secret@127.0.0.1:" + mute.getLocalPort() + "/db"));
      assertThat(failureOf(backend.ping()))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContainingAll("" + mute.getLocalPort(), "no answer")
          .hasMessageNotContaining("secret");
      assertThat(failureOf(backend.acquire(request(key(), token()))))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    }
  }
}
