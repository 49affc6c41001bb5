package dev.conclave.backend.redis;

import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisReplicas;
import io.vertx.redis.client.RedisRole;
import java.time.Duration;
import java.util.List;

/**
 * The configuration of a Redis backend, checked.
 *
 * @param options what every client is made with
 * @param name of this Redis in messages; without secrets
 * @param prefix what keys and channels begin with
 * @param timeout within which every request ends
 * @param idleRetention how long a record outlives its lease
 */
record RedisConfig(
    RedisOptions options, RedisName name, String prefix, Duration timeout, Duration idleRetention) {

  private static final int MIN_WAITING_HANDLERS = 2048;

  static RedisConfig of(JsonObject config) {
    ConfigSchema.named("backend-redis").check("backend", config);
    JsonObject json = config.getJsonObject("options", new JsonObject()).copy();
    Object one = json.remove("connectionString");
    if (one != null) {
      if (json.containsKey("endpoints")) {
        throw ErrorCode.INVALID.failure(
            "backend.options has both connectionString and endpoints; give one of them");
      }
      json.put("endpoints", new JsonArray().add(one));
    }
    RedisName name =
        RedisName.of(
            json
                .getJsonArray("endpoints", new JsonArray().add(RedisOptions.DEFAULT_ENDPOINT))
                .stream()
                .map(String.class::cast)
                .toList(),
            json.getString("password"));
    return new RedisConfig(
        options(json),
        name,
        config.getString("prefix", "conclave"),
        Duration.ofMillis(config.getLong("timeout", 5_000L)),
        Duration.ofMillis(config.getLong("idleRetention", Duration.ofDays(1).toMillis())));
  }

  private static RedisOptions options(JsonObject json) {
    RedisOptions options;
    try {
      options = new RedisOptions(json);
    } catch (RuntimeException refused) {
      // The client's message may repeat a value, and a value may be a secret.
      throw ErrorCode.INVALID.failure(
          "backend.options is not accepted by the Redis client ("
              + refused.getClass().getSimpleName()
              + "); expected what io.vertx.redis.client.RedisOptions has as JSON");
    }
    if (options.getUseReplicas() != RedisReplicas.NEVER) {
      throw ErrorCode.INVALID.failure(
          "backend.options.useReplicas is "
              + options.getUseReplicas()
              + "; expected NEVER, because a replica does not know the latest holder");
    }
    if (options.getRole() != RedisRole.MASTER) {
      throw ErrorCode.INVALID.failure(
          "backend.options.role is "
              + options.getRole()
              + "; expected MASTER, because leases are written");
    }
    // A connection that the client replaces by itself would lose its subscription.
    options.setAutoFailover(false);
    options.setMaxWaitingHandlers(Math.max(options.getMaxWaitingHandlers(), MIN_WAITING_HANDLERS));
    return options;
  }

  /** Whether keys live on several servers, by slot. */
  boolean isCluster() {
    return options.getType() == RedisClientType.CLUSTER;
  }

  /** Whether the server that runs the script also serves this client's subscription. */
  boolean isOneServer() {
    return options.getType() == RedisClientType.STANDALONE
        || options.getType() == RedisClientType.SENTINEL;
  }

  /**
   * What the subscriber's client is made with. In a cluster and with replicas a message reaches
   * every node, so one plain connection to any of them does; each attempt takes the next.
   */
  RedisOptions subscriberOptions(int attempt) {
    if (isOneServer()) {
      return options;
    }
    List<String> endpoints = options.getEndpoints();
    return new RedisOptions(options)
        .setType(RedisClientType.STANDALONE)
        .setEndpoints(List.of(endpoints.get(Math.floorMod(attempt, endpoints.size()))));
  }
}
