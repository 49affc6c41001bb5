package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.RedisSentinel;
import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A master that dies, and the replica that takes over. */
class RedisFailoverTest extends RedisFixture {
  @Test
  void theNewMasterIsFoundAndFencingTokensGrow() {
    RedisSentinel sentinel = closing(new RedisSentinel());
    SyncBackend backend =
        open(
            new JsonObject()
                .put("type", "redis")
                .put(
                    "options",
                    new JsonObject()
                        .put("type", "SENTINEL")
                        .put("masterName", RedisSentinel.MASTER)
                        .put("endpoints", new JsonArray().add(sentinel.uri()))));
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    AtomicInteger turns = new AtomicInteger();
    var waiter = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(backend.acquire(waiter));
    sentinel.master().stop();
    eventually("the replica is promoted", () -> isMaster(sentinel.replica()));
    eventually("the waiter looks again", () -> turns.get() > 0);
    eventually("the new master serves", () -> get(backend.revoke(key).map(true).otherwise(false)));
    assertThat(acquire(backend, key(), token())).isPositive();
    eventually(
        "the key is free again",
        () -> get(backend.acquire(waiter).map(a -> a.granted()).otherwise(false)));
    assertThat(acquire(backend, key, waiter.token())).isGreaterThan(fence);
  }

  private static boolean isMaster(RedisServer server) {
    try {
      return server.info("replication").contains("role:master");
    } catch (UncheckedIOException cut) {
      return false; // a promotion cuts connections
    }
  }
}
