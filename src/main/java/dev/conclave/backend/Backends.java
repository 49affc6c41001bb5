package dev.conclave.backend;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds backends by the {@code "type"} of their configuration and shares them.
 *
 * <p>Callers on one Vert.x instance that ask for equal configurations get one backend, each through
 * a handle of its own; the backend is closed with the last handle.
 */
public final class Backends {
  private static final String REGISTRY = "dev.conclave.backends";

  private Backends() {}

  /**
   * A handle on the backend of this configuration, to be closed by the caller.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the type is
   *     unknown, the client library is missing, or the configuration breaks a rule
   */
  public static SyncBackend share(Vertx vertx, JsonObject config) {
    JsonObject key = config.copy();
    LocalMap<String, Registry> registries = vertx.sharedData().getLocalMap(REGISTRY);
    Registry registry = registries.computeIfAbsent(REGISTRY, name -> new Registry());
    SharedBackend[] handle = new SharedBackend[1];
    registry.backends.compute(
        key,
        (k, found) -> {
          SharedBackend.Counted counted =
              found != null ? found : new SharedBackend.Counted(create(vertx, key));
          handle[0] = counted.handle(() -> registry.release(key));
          return counted;
        });
    return handle[0];
  }

  /**
   * {@link #share} and {@link SyncBackend#ping()}: completes with a handle on a backend that can be
   * reached, and otherwise fails with what can not be reached, leaving nothing open.
   */
  public static Future<SyncBackend> connect(Vertx vertx, JsonObject config) {
    SyncBackend handle;
    try {
      handle = share(vertx, config);
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
    return handle
        .ping()
        .map(handle)
        .recover(
            unreachable -> {
              Future<SyncBackend> failed = Future.failedFuture(unreachable);
              return handle.close().transform(closed -> failed);
            });
  }

  /** A backend of one's own, shared with nobody. Fails as {@link #share} does. */
  public static SyncBackend create(Vertx vertx, JsonObject config) {
    Map<String, BackendFactory> factories = factories();
    Object type = config.getValue("type");
    BackendFactory factory = type instanceof String ? factories.get(type) : null;
    if (factory == null) {
      throw ErrorCode.INVALID.failure(
          (type == null ? "backend.type is missing" : "backend.type '" + type + "' is unknown")
              + "; known types: "
              + String.join(", ", new TreeSet<>(factories.keySet())));
    }
    return factory.create(vertx, config);
  }

  private static Map<String, BackendFactory> factories() {
    Map<String, BackendFactory> byType = new LinkedHashMap<>();
    ServiceLoader.load(BackendFactory.class).forEach(f -> byType.putIfAbsent(f.type(), f));
    // A thread that was not made by Vert.x may have a class loader which does not see us.
    ServiceLoader.load(BackendFactory.class, Backends.class.getClassLoader())
        .forEach(f -> byType.putIfAbsent(f.type(), f));
    return byType;
  }

  private static final class Registry implements Shareable {
    private final Map<JsonObject, SharedBackend.Counted> backends = new ConcurrentHashMap<>();

    /** Gives back one handle; answers the backend when it was the last. */
    private SyncBackend release(JsonObject config) {
      SyncBackend[] last = new SyncBackend[1];
      backends.computeIfPresent(
          config,
          (key, counted) -> {
            last[0] = counted.giveBack();
            return last[0] == null ? counted : null;
          });
      return last[0];
    }
  }
}
