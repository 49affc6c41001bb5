package dev.conclave.backend.redis;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.testing.RedisCluster;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The Redis backend against the specification, on a cluster of three masters. */
class RedisClusterBackendTest extends SyncBackendContract {
  private static RedisCluster cluster;

  @BeforeAll
  static void startCluster() {
    cluster = new RedisCluster();
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
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
                        .put("type", "CLUSTER")
                        .put(
                            "endpoints",
                            new JsonArray(
                                cluster.nodes().stream().map(RedisServer::uri).toList()))));
  }
}
