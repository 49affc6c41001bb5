package dev.conclave.backend.redis;

import dev.conclave.backend.BackendFactory;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.ClientLibrary;
import dev.conclave.config.ConfigSchema;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Type {@code redis}. Keys:
 *
 * <ul>
 *   <li>{@code options}: Vert.x's own {@code RedisOptions} as JSON, with {@code connectionString}
 *       as a short form of one endpoint; default {@code redis://localhost:6379}.
 *   <li>{@code prefix}: what all keys and channels begin with; default {@code conclave}.
 *   <li>{@code timeout}: milliseconds within which every request ends; default 5000.
 *   <li>{@code idleRetention}: milliseconds for which the record of a free key is kept; default a
 *       day.
 * </ul>
 */
public final class RedisBackendFactory implements BackendFactory {
  @Override
  public String type() {
    return "redis";
  }

  @Override
  public SyncBackend create(Vertx vertx, JsonObject config) {
    ClientLibrary.require(type(), "io.vertx.redis.client.Redis", "io.vertx:vertx-redis-client");
    return new RedisBackend(vertx, RedisConfig.of(config));
  }

  @Override
  public Class<?> expected(List<String> place) {
    return ConfigSchema.named("backend-redis").expected(place);
  }
}
