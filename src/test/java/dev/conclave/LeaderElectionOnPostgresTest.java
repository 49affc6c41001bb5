package dev.conclave;

import dev.conclave.testing.PostgresServer;
import io.vertx.core.json.JsonObject;

class LeaderElectionOnPostgresTest extends LeaderElectionContract {
  @Override
  JsonObject backend() {
    return new JsonObject().put("type", "postgres").put("uri", PostgresServer.shared().uri());
  }
}
