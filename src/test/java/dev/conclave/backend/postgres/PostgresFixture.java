package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the tests of this package share: an empty database, and backends to be closed. */
@ExtendWith(VertxExtension.class)
abstract class PostgresFixture {
  static final Duration LONG = Duration.ofSeconds(60);

  private final List<AutoCloseable> opened = new ArrayList<>();
  Vertx vertx;
  String database;

  /** The server of this class. */
  PostgresServer server() {
    return PostgresServer.shared();
  }

  @BeforeEach
  final void openVertx(Vertx vertx) {
    this.vertx = vertx;
    database = server().freshDatabase();
  }

  @AfterEach
  final void closeAll() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  final <T extends AutoCloseable> T closing(T one) {
    opened.add(one);
    return one;
  }

  final JsonObject config() {
    return new JsonObject().put("type", "postgres").put("uri", server().uri(database));
  }

  /** A backend on this test's database; not connected yet. */
  final SyncBackend open(JsonObject config) {
    SyncBackend backend = Backends.create(vertx, config);
    opened.add(() -> get(backend.close()));
    return backend;
  }

  /** One that sees to its marks and connections that often. */
  final SyncBackend open(PostgresConfig config, Duration beat) {
    SyncBackend backend = PostgresBackend.create(vertx, config, beat);
    opened.add(() -> get(backend.close()));
    return backend;
  }

  /** A backend on this test's database, connected. */
  final SyncBackend open() {
    SyncBackend backend = open(config());
    get(backend.ping());
    return backend;
  }

  final String one(String sql) {
    return server().one(database, sql);
  }

  /** Moves all times of a record, the fencing token among them. */
  static void moveIntoTheFuture(String database, LeaseKey key, Duration by) {
    PostgresServer.shared()
        .execute(
            database,
            "UPDATE conclave_lease SET fence = fence + %1$d::bigint * 1000, since = since + %1$d * interval"
                    .formatted(by.toMillis())
                + " '1 ms', expires_at = expires_at + %d * interval '1 ms' WHERE name = '%s'"
                    .formatted(by.toMillis(), key.name()));
  }

  static LeaseKey key() {
    return LeaseKey.lock("test-" + UUID.randomUUID());
  }

  static String token() {
    return UUID.randomUUID().toString();
  }

  static LeaseRequest request(LeaseKey key, String token) {
    return LeaseRequest.of(key, token, LONG, "owner");
  }

  static long acquire(SyncBackend backend, LeaseKey key, String token) {
    Acquisition answer = get(backend.acquire(request(key, token)));
    assertThat(answer).isInstanceOf(Acquisition.Granted.class);
    return ((Acquisition.Granted) answer).fencingToken();
  }

  /** Asks until the database is back. */
  static long acquireAfterOutage(SyncBackend backend, LeaseKey key, String token) {
    long[] fence = new long[1];
    eventually(
        "a grant after the outage",
        () -> {
          try {
            fence[0] = acquire(backend, key, token);
            return true;
          } catch (RuntimeException notYet) {
            return false;
          }
        });
    return fence[0];
  }
}
