package dev.conclave.backend.postgres;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.BeforeAll;

/** The PostgreSQL backend against the specification. */
class PostgresBackendTest extends SyncBackendContract {
  private static String uri;

  @BeforeAll
  static void database() {
    PostgresServer server = PostgresServer.shared();
    uri = server.uri(server.freshDatabase());
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return Backends.create(vertx, new JsonObject().put("type", "postgres").put("uri", uri));
  }
}
