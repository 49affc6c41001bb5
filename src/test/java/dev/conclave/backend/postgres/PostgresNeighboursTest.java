package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What other transactions, sessions and requests do must not matter. */
class PostgresNeighboursTest extends PostgresFixture {
  /** A transaction of a stranger that has run this and stays open. */
  private Connection transaction(String sql) throws Exception {
    Connection stranger = closing(server().connect(database));
    stranger.setAutoCommit(false);
    try (Statement statement = stranger.createStatement()) {
      statement.execute(sql);
    }
    return stranger;
  }

  @Test
  void sessionsOfDifferentTimeZonesAgree() {
    List<SyncBackend> backends = new ArrayList<>();
    for (String zone : List.of("Pacific/Kiritimati", "America/New_York", "UTC")) {
      JsonObject properties = new JsonObject().put("TimeZone", zone);
      backends.add(open(config().put("options", new JsonObject().put("properties", properties))));
    }
    LeaseKey key = key();
    long last = 0;
    for (SyncBackend holder : backends) {
      String token = token();
      Duration days = Duration.ofDays(300);
      long fence =
          ((Acquisition.Granted) get(holder.acquire(LeaseRequest.of(key, token, days, "o"))))
              .fencingToken();
      assertThat(fence).isGreaterThan(last);
      last = fence;
      for (SyncBackend other : backends) {
        Acquisition refused = get(other.acquire(request(key, token())));
        assertThat(((Acquisition.Refused) refused).holder().remaining())
            .isBetween(days.minusSeconds(60), days);
        assertThat(get(other.extend(key, token, days))).isTrue();
        assertThat(get(other.find(key)).orElseThrow().remaining())
            .isBetween(days.minusSeconds(60), days);
      }
      assertThat(get(holder.release(key, token))).isTrue();
    }
  }

  @Test
  void anOldSnapshotOfAStrangerChangesNothing() throws Exception {
    SyncBackend backend = open();
    LeaseKey key = key();
    String first = token();
    acquire(backend, key, first);
    Connection stranger = closing(server().connect(database));
    stranger.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    stranger.setAutoCommit(false);
    try (Statement statement = stranger.createStatement()) {
      statement.execute("SELECT count(*) FROM conclave_lease");
    }
    long last = 0;
    for (int i = 0; i < 50; i++) {
      get(backend.release(key, first));
      long fence = acquire(backend, key, first);
      assertThat(fence).isGreaterThan(last);
      last = fence;
    }
    stranger.rollback();
  }

  @Test
  void aRecordLockedByAStrangerDelaysNoOtherRequest() throws Exception {
    SyncBackend backend = open(config().put("timeout", 6000));
    LeaseKey locked = key();
    String token = token();
    acquire(backend, locked, token);
    LeaseKey free = key();
    String freeToken = token();
    acquire(backend, free, freeToken);
    Connection stranger =
        transaction("SELECT * FROM conclave_lease WHERE name = '" + locked.name() + "' FOR UPDATE");
    Future<Boolean> stuck = backend.extend(locked, token, LONG);
    for (int i = 0; i < 20; i++) {
      List<Future<?>> others = new ArrayList<>();
      others.add(backend.extend(free, freeToken, LONG));
      LeaseKey fresh = key();
      String its = token();
      others.add(backend.acquire(request(fresh, its)));
      others.add(backend.release(fresh, its));
      others.forEach(other -> get(other));
    }
    assertThat(stuck.isComplete()).isFalse();
    assertThat(failureOf(stuck))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll(locked.name(), "locked by another transaction")
        .hasMessageNotContaining(token);
    stranger.rollback();
    assertThat(get(backend.extend(locked, token, LONG))).isTrue();
  }

  @Test
  void aRecordThatIsUnlockedInTimeIsJustLate() throws Exception {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = token();
    acquire(backend, key, token);
    Connection stranger = transaction("UPDATE conclave_lease SET owner = 'stranger'");
    Future<Boolean> late = backend.release(key, token);
    pause(Duration.ofMillis(600));
    assertThat(late.isComplete()).isFalse();
    stranger.rollback();
    assertThat(get(late)).isTrue();
  }

  @Test
  void timeThatPassesBeforeTheLockIsGrantedCounts() throws Exception {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = token();
    get(backend.acquire(LeaseRequest.of(key, token, Duration.ofMillis(300), "owner")));
    Connection stranger = transaction("UPDATE conclave_lease SET owner = owner");
    Future<Boolean> late = backend.extend(key, token, LONG);
    pause(Duration.ofMillis(60));
    // It waits for the lock now, and the lease runs out meanwhile.
    pause(Duration.ofMillis(300));
    stranger.commit();
    assertThat(get(late)).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
  }

  @Test
  void anErrorOfOneRequestDoesNotAffectOthers() {
    SyncBackend backend = open();
    server()
        .execute(
            database, "ALTER TABLE conclave_lease ADD CHECK (owner IS NULL OR owner <> 'poison')");
    List<Future<Acquisition>> answers = new ArrayList<>();
    String token = token();
    for (int i = 0; i < 60; i++) {
      String owner = i == 30 ? "poison" : "owner";
      answers.add(backend.acquire(LeaseRequest.of(key(), i == 30 ? token : token(), LONG, owner)));
    }
    for (int i = 0; i < 60; i++) {
      if (i == 30) {
        assertThat(failureOf(answers.get(i)))
            .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
            .hasMessageNotContaining(token);
      } else {
        assertThat(get(answers.get(i)).granted()).isTrue();
      }
    }
  }

  @Test
  void batchesInOppositeOrdersNeverDeadlock() {
    SyncBackend one = open();
    SyncBackend other = open();
    List<LeaseKey> keys = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      keys.add(key());
    }
    List<LeaseKey> reversed = new ArrayList<>(keys);
    Collections.reverse(reversed);
    String before =
        one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    for (int round = 0; round < 30; round++) {
      List<Future<?>> answers = new ArrayList<>();
      String mine = token();
      String theirs = token();
      keys.forEach(key -> answers.add(one.acquire(request(key, mine))));
      reversed.forEach(key -> answers.add(other.acquire(request(key, theirs))));
      keys.forEach(key -> answers.add(one.extend(key, mine, LONG)));
      reversed.forEach(key -> answers.add(other.extend(key, theirs, LONG)));
      keys.forEach(key -> answers.add(one.release(key, mine)));
      reversed.forEach(key -> answers.add(other.release(key, theirs)));
      answers.forEach(answer -> get(answer));
    }
    assertThat(one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
        .isEqualTo(before);
    keys.forEach(key -> assertThat(get(one.find(key))).isEmpty());
  }

  @Test
  void aDatabaseThatInsistsOnSerializableIsServedToo() {
    server()
        .execute(
            database,
            "ALTER DATABASE " + database + " SET default_transaction_isolation = 'serializable'");
    SyncBackend one = open();
    SyncBackend other = open();
    LeaseKey key = key();
    long[] last = new long[1];
    for (int round = 0; round < 20; round++) {
      List<Future<Acquisition>> answers = new ArrayList<>();
      List<String> tokens = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        tokens.add(token());
        answers.add((i % 2 == 0 ? one : other).acquire(request(key, tokens.get(i))));
      }
      int winners = 0;
      for (int i = 0; i < 8; i++) {
        if (get(answers.get(i)) instanceof Acquisition.Granted granted) {
          winners++;
          assertThat(granted.fencingToken()).isGreaterThan(last[0]);
          last[0] = granted.fencingToken();
          String token = tokens.get(i);
          eventually("the release", () -> get(one.release(key, token)));
        }
      }
      assertThat(winners).isPositive();
    }
  }
}
