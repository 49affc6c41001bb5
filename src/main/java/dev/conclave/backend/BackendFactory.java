package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Makes backends of one type. Found by {@link java.util.ServiceLoader}: name the implementation in
 * {@code META-INF/services/dev.conclave.backend.BackendFactory} or {@code provides … with}.
 *
 * <p>A factory must load without its client library, so that it can report which one is missing.
 */
public interface BackendFactory {

  /** The value of {@code "type"} in a backend's configuration that chooses this factory. */
  String type();

  /**
   * Makes a backend. Does not connect yet: {@link SyncBackend#ping()} reports whether it can.
   *
   * @param config the backend's configuration object, {@code ${…}} already expanded
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the configuration
   *     breaks a rule; the message names the key, the value and the rule
   */
  SyncBackend create(Vertx vertx, JsonObject config);

  /**
   * What a key of the configuration expects: {@code Number}, {@code Boolean}, or {@code String} for
   * everything else. A {@code ${…}} that is the whole value of a key becomes a number or a boolean
   * where one is expected. Strings everywhere unless overridden.
   *
   * @param place the keys from the configuration object inwards; an element of an array has its
   *     index
   */
  default Class<?> expected(List<String> place) {
    return String.class;
  }

  /**
   * Whether its backends are seen by one process only, so that they protect nothing from other
   * processes. False unless overridden.
   */
  default boolean isForOneProcess() {
    return false;
  }
}
