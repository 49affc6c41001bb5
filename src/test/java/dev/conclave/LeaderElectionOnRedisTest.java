package dev.conclave;

import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonObject;

class LeaderElectionOnRedisTest extends LeaderElectionContract {
  @Override
  JsonObject backend() {
    return new JsonObject()
        .put("type", "redis")
        .put("options", new JsonObject().put("connectionString", RedisServer.shared().uri()));
  }
}
