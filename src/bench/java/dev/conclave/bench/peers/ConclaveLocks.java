package dev.conclave.bench.peers;

import dev.conclave.LockServiceVerticle;
import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockGrant;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/** Conclave, through the service of this process or through the event bus. */
public final class ConclaveLocks implements AsyncLocks {
  private final Place place;
  private final LockService service;
  private final SyncBackend backend;

  private ConclaveLocks(Place place, LockService service, SyncBackend backend) {
    this.place = place;
    this.service = service;
    this.backend = backend;
  }

  /** The service on the context of the callers, as a verticle would have it. */
  public static Future<Locks> local(Place place, JsonObject config) {
    return Backends.connect(place.vertx(), config)
        .map(
            backend ->
                new ConclaveLocks(
                    place,
                    LockManager.create(place.vertx(), backend, new LockServiceOptions()),
                    backend));
  }

  /** The service in a verticle on an event loop of its own, called through the proxy. */
  public static Future<Locks> proxy(Place place, JsonObject config) {
    return place
        .vertx()
        .deployVerticle(
            new LockServiceVerticle(),
            new DeploymentOptions().setConfig(new JsonObject().put("backend", config)))
        .map(id -> new ConclaveLocks(place, LockService.createProxy(place.vertx()), null));
  }

  /** The configuration of the memory backend. */
  public static JsonObject memory() {
    return new JsonObject().put("type", "memory");
  }

  /** The configuration of the Redis backend. */
  public static JsonObject redis(Place place) {
    return new JsonObject()
        .put("type", "redis")
        .put("options", new JsonObject().put("connectionString", place.redis()));
  }

  /** The configuration of the PostgreSQL backend. */
  public static JsonObject postgres(Place place) {
    return new JsonObject().put("type", "postgres").put("uri", place.postgres());
  }

  @Override
  public Future<LockGrant> acquire(String name, long who) {
    return service.acquire(
        new LockRequest()
            .setName(name)
            .setLeaseDuration(place.leaseMillis())
            .setWaitTimeout(WAIT_MILLIS));
  }

  @Override
  public Future<Boolean> release(String name, long who, Object held) {
    return service.release(name, ((LockGrant) held).getToken());
  }

  @Override
  public Future<LockHandle> hold(String name, long who) {
    return DistributedLock.create(
            place.vertx(),
            service,
            name,
            new LockOptions()
                .setLeaseDuration(place.leaseMillis())
                .setWaitTimeout(WAIT_MILLIS)
                .setRenew(true))
        .acquire();
  }

  @Override
  public Future<Boolean> letGo(String name, long who, Object held) {
    return ((LockHandle) held).release();
  }

  @Override
  public void close() throws Exception {
    if (backend != null) {
      backend.close().await();
    }
  }
}
