package dev.conclave.lock;

import dev.conclave.testing.PostgresServer;
import io.vertx.core.json.JsonObject;

/** Verticle, proxy and locks on a real PostgreSQL. */
class LockServiceOnPostgresTest extends LockServiceContract {
  @Override
  JsonObject backend() {
    return new JsonObject().put("type", "postgres").put("uri", PostgresServer.shared().uri());
  }

  @Override
  long resources() {
    return Long.parseLong(
        PostgresServer.shared()
            .one(
                "postgres",
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"));
  }
}
