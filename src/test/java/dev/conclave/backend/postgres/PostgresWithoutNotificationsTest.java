package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code notifications: false}, as behind a pooler: the same rules, but without notifications. */
class PostgresWithoutNotificationsTest extends SyncBackendContract {
  private static String database;

  @BeforeAll
  static void database() {
    database = PostgresServer.shared().freshDatabase();
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return Backends.create(
        vertx,
        new JsonObject()
            .put("type", "postgres")
            .put("uri", PostgresServer.shared().uri(database))
            .put("notifications", false)
            // A pooler may not keep prepared statements either.
            .put("options", new JsonObject().put("cachePreparedStatements", false)));
  }

  @Override
  protected boolean handsOver() {
    return false;
  }

  @Override
  protected boolean hints() {
    return false;
  }

  @Test
  void itHasOneConnectionAndNoQueue() {
    LeaseKey key = key();
    acquire(key, token(), LONG);
    get(backend.acquire(LeaseRequest.of(key, token(), LONG, "o").waiting(LONG, () -> {})));
    backend.watch(key, () -> {}).close();
    assertThat(
            PostgresServer.shared()
                .one(
                    database,
                    "SELECT count(*) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        .isEqualTo("1");
    assertThat(
            PostgresServer.shared()
                .one(database, "SELECT count(line) + count(watched_until) FROM conclave_lease"))
        .isEqualTo("0");
  }

  @Override
  protected boolean moveIntoTheFuture(LeaseKey key, Duration by) {
    PostgresFixture.moveIntoTheFuture(database, key, by);
    return true;
  }
}
