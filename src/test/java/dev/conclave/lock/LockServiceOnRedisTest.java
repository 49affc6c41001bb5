package dev.conclave.lock;

import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonObject;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Verticle, proxy and locks on a real Redis. */
class LockServiceOnRedisTest extends LockServiceContract {
  @Override
  JsonObject backend() {
    return new JsonObject()
        .put("type", "redis")
        .put("options", new JsonObject().put("connectionString", RedisServer.shared().uri()));
  }

  @Override
  long resources() {
    return number("clients", "connected_clients") + number("stats", "pubsub_channels");
  }

  private static long number(String section, String field) {
    Matcher found = Pattern.compile(field + ":(\\d+)").matcher(RedisServer.shared().info(section));
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }
}
