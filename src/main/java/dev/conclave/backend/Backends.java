package dev.conclave.backend;

import dev.conclave.config.Environment;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Schedulers;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Finds backends by the {@code "type"} of their configuration and shares them.
 *
 * <p>Callers on one Vert.x instance that use equal configurations share one backend. Each caller
 * has a handle of its own; the backend is closed with the last handle. {@code ${NAME}} and {@code
 * ${NAME:default}} in every string of a configuration are taken from the {@link Environment}.
 */
public final class Backends {
  private static final String REGISTRY = "dev.conclave.backends";

  private Backends() {}

  /**
   * Returns a handle on the backend of this configuration as soon as the backend can be reached.
   * The caller closes the handle. When {@link Vertx#close()} begins, the backend stays open until
   * the verticles have closed their handles, so that they can release what they hold.
   *
   * @return fails with {@link ErrorCode#INVALID} when the type is unknown, the client library is
   *     missing, or the configuration breaks a rule, and with the failure of {@link
   *     SyncBackend#ping()} when the backend cannot be reached; nothing is left open then
   */
  public static Future<SyncBackend> connect(Vertx vertx, JsonObject config) {
    return connect(vertx, config, SharedBackend::ping);
  }

  /**
   * As {@link #connect(Vertx, JsonObject)}, but waits for a store that cannot be reached yet: the
   * attempt is repeated, with pauses of at most a second, until the store responds or the time is
   * over. A configuration that breaks a rule fails at once. A log message reports the wait and its
   * cause.
   *
   * @param startTimeout how long to wait; with zero, the first failure is the outcome
   */
  public static Future<SyncBackend> connect(Vertx vertx, JsonObject config, Duration startTimeout) {
    Scheduler scheduler = Schedulers.of(vertx).shared();
    return connect(
        vertx,
        config,
        handle ->
            CallerContext.call(
                scheduler,
                () -> new FirstContact(scheduler, handle::ping, startTimeout).made(handle.end())));
  }

  private static Future<SyncBackend> connect(
      Vertx vertx, JsonObject config, Function<SharedBackend, Future<Void>> reach) {
    LocalMap<String, Registry> registries = vertx.sharedData().getLocalMap(REGISTRY);
    Registry registry = registries.computeIfAbsent(REGISTRY, name -> new Registry());
    SharedBackend handle = registry.take(vertx, config.copy());
    return handle
        .opened()
        .compose(v -> reach.apply(handle))
        .<SyncBackend>map(handle)
        .recover(
            unreachable -> handle.close().transform(closed -> Future.failedFuture(unreachable)));
  }

  /**
   * A backend that is not shared, on the caller's context.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID}, as {@link #connect}
   */
  public static SyncBackend create(Vertx vertx, JsonObject config) {
    BackendFactory factory = factory(config);
    return factory.create(
        vertx, Environment.ofProcess().expand("backend", config, factory::expected));
  }

  /**
   * Whether the backend of this configuration is seen by one process only.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the type is
   *     missing or unknown
   */
  public static boolean isForOneProcess(JsonObject config) {
    return factory(config).isForOneProcess();
  }

  private static BackendFactory factory(JsonObject config) {
    Map<String, BackendFactory> factories = factories();
    Object type =
        config.getValue("type") instanceof String text
            ? Environment.ofProcess().expandText("backend.type", text)
            : config.getValue("type");
    BackendFactory factory = type instanceof String ? factories.get(type) : null;
    if (factory == null) {
      throw ErrorCode.INVALID.failure(
          (type == null ? "backend.type is missing" : "backend.type '" + type + "' is unknown")
              + "; known types: "
              + String.join(", ", new TreeSet<>(factories.keySet())));
    }
    return factory;
  }

  private static Map<String, BackendFactory> factories() {
    Map<String, BackendFactory> byType = new LinkedHashMap<>();
    ServiceLoader.load(BackendFactory.class).forEach(f -> byType.putIfAbsent(f.type(), f));
    // A thread that Vert.x did not create may have a class loader that does not find our factories.
    ServiceLoader.load(BackendFactory.class, Backends.class.getClassLoader())
        .forEach(f -> byType.putIfAbsent(f.type(), f));
    return byType;
  }

  private static final class Registry implements Shareable {
    private final Map<JsonObject, BackendHost> hosts = new ConcurrentHashMap<>();

    private SharedBackend take(Vertx vertx, JsonObject config) {
      Context caller = Vertx.currentContext();
      boolean byVerticle = caller != null && caller.deploymentID() != null;
      BackendHost fresh = new BackendHost(() -> create(vertx, config));
      BackendHost host =
          hosts.compute(
              config,
              (key, found) -> {
                BackendHost chosen = found == null ? fresh : found;
                chosen.taken(byVerticle);
                return chosen;
              });
      if (host == fresh) {
        host.deploy(vertx);
      }
      return new SharedBackend(host, () -> release(config, host, byVerticle));
    }

    private Future<Void> release(JsonObject config, BackendHost host, boolean byVerticle) {
      BackendHost left =
          hosts.computeIfPresent(config, (key, found) -> found.released(byVerticle) ? null : found);
      return left == null ? host.close() : Future.succeededFuture();
    }
  }
}
