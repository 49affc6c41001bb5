package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** What the backend costs the database: connections, notifications, rows. */
class PostgresCostTest extends PostgresFixture {
  private static final String OTHERS =
      " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

  private static PostgresServer own;

  /** Other tests would write to the log that is looked at here. */
  @BeforeAll
  static void start() {
    own = PostgresServer.start();
  }

  @AfterAll
  static void stop() {
    own.close();
  }

  @Override
  PostgresServer server() {
    return own;
  }

  @Test
  void aBackendHasTwoConnections() {
    SyncBackend backend = open();
    LeaseKey key = key();
    acquire(backend, key, token());
    for (int i = 0; i < 50; i++) {
      backend.watch(key(), () -> {});
      get(backend.acquire(request(key, token()).waiting(LONG, () -> {})));
    }
    assertThat(one("SELECT count(*)" + OTHERS)).isEqualTo("2");
    get(backend.close());
    eventually("both are closed", () -> "0".equals(one("SELECT count(*)" + OTHERS)));
  }

  @Test
  void nothingIsNotifiedWithoutWaitersAndWatches() throws Exception {
    SyncBackend backend = open();
    LeaseKey key = key();
    String holder = token();
    acquire(backend, key, holder);
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest waiter = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(backend.acquire(waiter));
    Connection ears = closing(server().connect(database));
    listenToEverything(ears);
    for (int i = 0; i < 20; i++) {
      LeaseKey other = key();
      String token = token();
      acquire(backend, other, token);
      get(backend.acquire(request(other, token())));
      get(backend.extend(other, token, LONG));
      get(backend.release(other, token));
      acquire(backend, other, token());
      get(backend.revoke(other));
    }
    assertThat(received(ears)).isEmpty();
    assertThat(get(backend.release(key, holder))).isTrue();
    eventually("the waiter's turn", () -> turns.get() == 1);
    get(backend.acquire(waiter));
    assertThat(received(ears)).isEmpty();
    try (Watch watch = backend.watch(key, () -> {})) {
      eventually(
          "the mark", () -> "1".equals(one("SELECT count(watched_until) FROM conclave_lease")));
      get(backend.release(key, waiter.token()));
      assertThat(received(ears)).containsExactly("lock:" + key.name());
    }
  }

  @Test
  void onlyTheFirstWaiterIsNotifiedAndThatWithoutItsToken() throws Exception {
    SyncBackend holding = open();
    SyncBackend first = open();
    SyncBackend second = open();
    LeaseKey key = key();
    String holder = token();
    acquire(holding, key, holder);
    AtomicInteger turns = new AtomicInteger();
    AtomicInteger turnsOfSecond = new AtomicInteger();
    LeaseRequest next = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(first.acquire(next));
    LeaseRequest later = request(key, token()).waiting(LONG, turnsOfSecond::incrementAndGet);
    get(second.acquire(later));
    Connection ears = closing(server().connect(database));
    listenToEverything(ears);
    assertThat(get(holding.release(key, holder))).isTrue();
    eventually("the first one's turn", () -> turns.get() == 1);
    assertThat(get(first.acquire(next)).granted()).isTrue();
    assertThat(turnsOfSecond).hasValue(0);
    // The second is notified of the offer to the first.
    assertThat(received(ears))
        .hasSize(2)
        .allMatch(payload -> payload.matches("\\+?\\d+"))
        .noneMatch(payload -> payload.contains(next.token()) || payload.contains(later.token()));
  }

  /** The server's own writer also flushes now and then; so what counts is what happens mostly. */
  @Test
  void queuePositionsAndOffersDoNotWaitForTheDiskButGrantsAndEndsDo() {
    JsonObject properties = new JsonObject().put("synchronous_commit", "on");
    SyncBackend backend =
        open(config().put("options", new JsonObject().put("properties", properties)));
    int[] durable = new int[5];
    int cycles = 20;
    for (int i = 0; i < cycles; i++) {
      LeaseKey key = key();
      String holder = token();
      LeaseRequest waiter = request(key, token()).waiting(LONG, () -> {});
      acquire(backend, key, holder);
      durable[0] += flushed();
      assertThat(get(backend.acquire(waiter)).granted()).isFalse();
      durable[1] += flushed();
      assertThat(get(backend.release(key, holder))).isTrue();
      durable[2] += flushed();
      assertThat(get(backend.acquire(waiter)).granted()).isTrue();
      durable[3] += flushed();
      assertThat(get(backend.release(key, waiter.token()))).isTrue();
      durable[4] += flushed();
    }
    int most = cycles * 3 / 4;
    assertThat(durable[0]).as("grants").isGreaterThanOrEqualTo(most);
    assertThat(durable[1]).as("places").isLessThan(most);
    assertThat(durable[2]).as("offers").isLessThan(most);
    assertThat(durable[3]).as("claims").isGreaterThanOrEqualTo(most);
    assertThat(durable[4]).as("ends").isGreaterThanOrEqualTo(most);
  }

  /** 1 when the server has nothing left to write to its disk. */
  private int flushed() {
    return Integer.parseInt(
        one("SELECT (pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn())::int"));
  }

  /** On every channel with a listener here. */
  private void listenToEverything(Connection ears) throws Exception {
    try (Statement statement = ears.createStatement()) {
      List<String> listens = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery("SELECT query" + OTHERS + " AND query LIKE 'LISTEN%'")) {
        while (rows.next()) {
          listens.add(rows.getString(1));
        }
      }
      assertThat(listens).isNotEmpty();
      for (String listen : listens) {
        statement.execute(listen);
      }
    }
  }

  private static List<String> received(Connection ears) throws Exception {
    // Notifications of transactions before this one come no later than its answer.
    try (Statement statement = ears.createStatement()) {
      statement.execute("SELECT 1");
    }
    List<String> payloads = new ArrayList<>();
    PGNotification[] all = ears.unwrap(PGConnection.class).getNotifications();
    for (PGNotification one : all == null ? new PGNotification[0] : all) {
      payloads.add(one.getParameter());
    }
    return payloads;
  }

  /** Otherwise what changes before the server knows of the watch would be missed. */
  @Test
  void aWatchBeginsWithAHintOnceTheServerKnowsOfIt() {
    SyncBackend backend = open();
    AtomicInteger hints = new AtomicInteger();
    backend.watch(key(), hints::incrementAndGet);
    eventually("one for listening, one for the mark", () -> hints.get() == 2);
    assertThat(one("SELECT count(watched_until) FROM conclave_lease")).isEqualTo("1");
  }

  @Test
  void anUnclaimedOfferGoesToTheNextWaiter() {
    SyncBackend holding = open();
    SyncBackend dying = open();
    SyncBackend waiting = open();
    LeaseKey key = key();
    String holder = token();
    acquire(holding, key, holder);
    get(dying.acquire(request(key, token()).waiting(LONG, () -> {})));
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest next = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(waiting.acquire(next));
    get(dying.close());
    get(holding.release(key, holder));
    get(holding.close());
    eventually("the next one's turn", () -> turns.get() > 0);
    assertThat(get(waiting.acquire(next))).isInstanceOf(Acquisition.Granted.class);
  }

  @Test
  void idleRecordsAreDroppedAndRegistersKept() {
    SyncBackend backend = open(config().put("idleRetention", 1000));
    LeaseKey held = key();
    acquire(backend, held, token());
    List<Future<Acquisition>> answers = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      answers.add(backend.acquire(LeaseRequest.of(key(), token(), Duration.ofMillis(1), "idle")));
    }
    answers.forEach(answer -> get(answer));
    get(backend.advance("a register", 7));
    eventually(
        "idle records go",
        () -> "1".equals(one("SELECT count(*) FROM conclave_lease WHERE kind <> 'register'")));
    assertThat(get(backend.find(held))).isPresent();
    assertThat(get(backend.advance("a register", 7))).isFalse();
    assertThat(get(backend.list(LeaseKey.Kind.LOCK, "", null, 10)).leases()).hasSize(1);
  }

  @Test
  void aKeyThatIsUsedAllTheTimeStaysOnItsPage() {
    SyncBackend backend = open();
    LeaseKey key = key();
    for (int i = 0; i < 2000; i++) {
      String token = token();
      Future<Acquisition> acquired = backend.acquire(request(key, token));
      get(backend.extend(key, token, LONG));
      get(acquired);
      get(backend.release(key, token));
    }
    assertThat(Long.parseLong(one("SELECT pg_relation_size('conclave_lease')")))
        .isLessThanOrEqualTo(10 * 8192);
    eventually(
        "the server counts updates",
        () ->
            Long.parseLong(
                    one(
                        "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'conclave_lease'"))
                > 1000);
    assertThat(
            one(
                "SELECT n_tup_hot_upd > 0.95 * n_tup_upd FROM pg_stat_user_tables"
                    + " WHERE relname = 'conclave_lease'"))
        .isEqualTo("t");
  }
}
