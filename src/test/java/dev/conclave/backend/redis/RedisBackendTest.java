package dev.conclave.backend.redis;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** The Redis backend against the specification, on one server. */
class RedisBackendTest extends SyncBackendContract {
  @Override
  protected SyncBackend open(Vertx vertx) {
    return new RedisBackendFactory()
        .create(
            vertx,
            new JsonObject()
                .put("type", "redis")
                .put(
                    "options",
                    new JsonObject().put("connectionString", RedisServer.shared().uri())));
  }
}
