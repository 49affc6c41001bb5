package dev.conclave.task;

import dev.conclave.testing.PostgresServer;
import io.vertx.core.json.JsonObject;

class ClusterOnPostgresTest extends ClusterContract {
  @Override
  protected JsonObject backend() {
    return new JsonObject().put("type", "postgres").put("uri", PostgresServer.shared().uri());
  }
}
