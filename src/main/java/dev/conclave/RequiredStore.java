package dev.conclave;

import dev.conclave.backend.Backends;
import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Guards against the wrong store: the memory backend in production protects nothing from other
 * processes, and nothing fails.
 *
 * <ol>
 *   <li>The environment variable {@code CONCLAVE_REQUIRES} overrides the key {@code requires} of
 *       the configuration: the same file is then safe on every machine of a cluster.
 *   <li>{@code "cluster"} refuses a backend that only one process sees.
 *   <li>{@code "process"} declares that such a backend is intended. It allows every backend.
 *   <li>Without a value, such a backend is allowed, and a warning is logged once per process.
 * </ol>
 */
final class RequiredStore {
  static final String KEY = "requires";

  private static final String VARIABLE = "CONCLAVE_REQUIRES";
  private static final String CLUSTER = "cluster";
  private static final String PROCESS = "process";
  private static final Logger LOG = System.getLogger(Conclave.class.getName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private RequiredStore() {}

  /** Throws {@link ErrorCode#INVALID} if the backend of this configuration must not be used. */
  static void check(JsonObject config) {
    check(config, System.getenv(VARIABLE), WARNED);
  }

  /**
   * As {@link #check(JsonObject)}.
   *
   * @param override the value of the environment variable, or null
   * @param warned whether the log has the warning
   */
  static void check(JsonObject config, String override, AtomicBoolean warned) {
    String source = override == null ? KEY : VARIABLE;
    String value = override == null ? config.getString(KEY) : override;
    if (value != null && !value.equals(CLUSTER) && !value.equals(PROCESS)) {
      throw ErrorCode.INVALID.failure(
          source + " is \"" + value + "\"; expected \"cluster\" or \"process\"");
    }
    JsonObject backend = config.getJsonObject(EmbeddedConclave.BACKEND);
    if (PROCESS.equals(value) || !Backends.isForOneProcess(backend)) {
      return;
    }
    String what = "backend.type '" + backend.getValue("type") + "' protects one process only";
    if (CLUSTER.equals(value)) {
      throw ErrorCode.INVALID.failure(
          what + ", but " + source + " is \"cluster\"; configure redis, postgres or kubernetes");
    }
    if (!warned.getAndSet(true)) {
      LOG.log(
          Level.WARNING,
          what
              + ": other processes do not see its locks and elections. If that is intended, set"
              + " \"requires\": \"process\"; in production, \"requires\": \"cluster\" refuses it");
    }
  }
}
