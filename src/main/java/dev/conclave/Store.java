package dev.conclave;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * How a verticle reaches the store that its configuration names: {@code backend}, and {@code
 * startTimeout}, which says how long a start waits for a store that cannot be reached yet.
 *
 * <p>By default a start does not wait. A wrong address is noticed at once then, and what supervises
 * the process decides how often it is started again.
 */
final class Store {
  static final String BACKEND = "backend";
  static final String START_TIMEOUT = "startTimeout";

  private Store() {}

  /** A handle on the store, once it can be reached; see {@link Backends#connect}. */
  static Future<SyncBackend> connect(Vertx vertx, JsonObject config) {
    Duration patience = Duration.ofMillis(config.getLong(START_TIMEOUT, 0L));
    return Backends.connect(vertx, config.getJsonObject(BACKEND), patience);
  }

  /** The keys of a configuration that are not about the store. */
  static JsonObject otherKeys(JsonObject config) {
    JsonObject others = config.copy();
    others.remove(BACKEND);
    others.remove(START_TIMEOUT);
    return others;
  }
}
