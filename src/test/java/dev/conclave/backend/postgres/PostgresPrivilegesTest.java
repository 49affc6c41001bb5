package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a user needs, and what a first start leaves in the server's log. */
class PostgresPrivilegesTest extends PostgresFixture {
  private static final String TABLE = "app.leases";

  /** The backend of a user with these rights on the table, and no others. */
  private SyncBackend openWith(String rights) {
    String user = "u_" + UUID.randomUUID().toString().replace("-", "");
    server().execute(database, "CREATE SCHEMA app");
    get(open(config().put("table", TABLE)).ping());
    server().execute(database, "CREATE ROLE " + user + " LOGIN PASSWORD 'pw'");
    server().execute(database, "GRANT USAGE ON SCHEMA app TO " + user);
    server().execute(database, "GRANT " + rights + " ON " + TABLE + " TO " + user);
    JsonObject login = new JsonObject().put("user", user).put("password", "pw");
    SyncBackend backend =
        open(config().put("table", TABLE).put("idleRetention", 1_000).put("options", login));
    closing(
        () -> {
          get(backend.close());
          server().execute(database, "REVOKE ALL ON " + TABLE + " FROM " + user);
          server().execute(database, "REVOKE ALL ON SCHEMA app FROM " + user);
          server().execute(database, "DROP ROLE " + user);
        });
    get(backend.ping());
    return backend;
  }

  @Test
  void theRightsOfTheDocumentationAreEnough() {
    try (CapturedLog log = CapturedLog.of(Upkeep.class)) {
      SyncBackend backend = openWith("SELECT, INSERT, UPDATE, DELETE");
      LeaseKey key = key();
      String holder = token();
      AtomicInteger turns = new AtomicInteger();
      LeaseRequest next =
          LeaseRequest.of(key, token(), LONG, "next").waiting(LONG, turns::incrementAndGet);
      acquire(backend, key, holder);
      assertThat(get(backend.acquire(next)).granted()).isFalse();
      assertThat(get(backend.extend(key, holder, LONG))).isTrue();
      assertThat(get(backend.find(key))).isPresent();
      assertThat(get(backend.release(key, holder))).isTrue();
      eventually("the next one's turn", () -> turns.get() > 0);
      assertThat(get(backend.acquire(next)).granted()).isTrue();
      assertThat(get(backend.list(LeaseKey.Kind.LOCK, "", null, 10)).leases()).hasSize(1);
      assertThat(get(backend.revoke(key))).isTrue();
      assertThat(get(backend.advance("mark", 5))).isTrue();
      assertThat(get(backend.retreat("mark", 4))).isTrue();
      get(backend.register("mark"));
      AtomicInteger hints = new AtomicInteger();
      LeaseKey watched = LeaseKey.leader("watched");
      closing(backend.watch(watched, hints::incrementAndGet));
      eventually("a watch", () -> hints.get() > 0);
      eventually(
          "idle records are dropped",
          () -> "0".equals(one("SELECT count(*) FROM " + TABLE + " WHERE kind = 'lock'")));
      assertThat(log.messages()).isEmpty();
    }
  }

  @Test
  void aUserWhoMayNotDeleteIsWarnedOf() {
    try (CapturedLog log = CapturedLog.of(Upkeep.class)) {
      SyncBackend backend = openWith("SELECT, INSERT, UPDATE");
      eventually("a warning", () -> log.text().contains("grant DELETE on it"));
      acquire(backend, key(), token());
    }
  }

  @Test
  void aFirstStartLeavesNoErrorInTheServersLog() {
    SyncBackend backend = open();
    acquire(backend, key(), token());
    get(backend.close());
    String counts =
        "SELECT xact_rollback || ' of ' || (xact_commit > 3) FROM pg_stat_database"
            + " WHERE datname = current_database()";
    eventually("the server has counted", () -> one(counts).endsWith("true"));
    assertThat(one(counts)).as("transactions that failed").isEqualTo("0 of true");
  }
}
