package dev.conclave.task;

import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonObject;

class ClusterOnRedisTest extends ClusterContract {
  @Override
  protected JsonObject backend() {
    return new JsonObject()
        .put("type", "redis")
        .put("options", new JsonObject().put("connectionString", RedisServer.shared().uri()));
  }
}
