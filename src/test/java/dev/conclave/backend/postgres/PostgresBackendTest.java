package dev.conclave.backend.postgres;

import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;

/** The PostgreSQL backend against the specification. */
class PostgresBackendTest extends SyncBackendContract {
  private static String database;
  private static String uri;

  @BeforeAll
  static void database() {
    PostgresServer server = PostgresServer.shared();
    database = server.freshDatabase();
    uri = server.uri(database);
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return open(vertx, uri);
  }

  private static SyncBackend open(Vertx vertx, String where) {
    return Backends.create(vertx, new JsonObject().put("type", "postgres").put("uri", where));
  }

  @Override
  protected SyncBackend openAtDistance(Vertx vertx, Duration roundTrip) {
    URI server = URI.create(uri);
    FaultProxy way = closing(new FaultProxy(server.getHost(), server.getPort()));
    way.delay(roundTrip.dividedBy(2));
    return open(vertx, uri.replace(server.getRawAuthority(), way.authority(server)));
  }

  @Override
  protected boolean moveIntoTheFuture(LeaseKey key, Duration by) {
    PostgresFixture.moveIntoTheFuture(database, key, by);
    return true;
  }
}
