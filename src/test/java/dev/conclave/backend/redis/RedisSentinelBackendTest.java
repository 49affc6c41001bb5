package dev.conclave.backend.redis;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.testing.RedisSentinel;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The Redis backend against the specification, on the master that Sentinel names. */
class RedisSentinelBackendTest extends SyncBackendContract {
  private static RedisSentinel sentinel;

  @BeforeAll
  static void startSentinel() {
    sentinel = new RedisSentinel();
  }

  @AfterAll
  static void stopSentinel() {
    sentinel.close();
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return new RedisBackendFactory()
        .create(
            vertx,
            new JsonObject()
                .put("type", "redis")
                .put(
                    "options",
                    new JsonObject()
                        .put("type", "SENTINEL")
                        .put("masterName", RedisSentinel.MASTER)
                        .put("endpoints", new JsonArray().add(sentinel.uri()))));
  }
}
