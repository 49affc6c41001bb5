package dev.conclave;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockGrant;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The verticle's configuration, its start, its end, and what it shares. */
@ExtendWith(VertxExtension.class)
class LockServiceVerticleTest {
  private static final JsonObject MEMORY = new JsonObject().put("type", "memory");

  private Vertx vertx;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
  }

  private Future<String> deploy(JsonObject config) {
    return vertx.deployVerticle(
        new LockServiceVerticle(), new DeploymentOptions().setConfig(config));
  }

  private void refused(JsonObject config, String... parts) {
    assertThat(failureOf(deploy(config)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll(parts);
    assertThat(vertx.deploymentIDs()).as("nothing stays behind").isEmpty();
  }

  private static JsonObject config() {
    return new JsonObject().put("backend", MEMORY);
  }

  @Test
  void anEmptyConfigurationIsRefused() {
    refused(new JsonObject(), "backend is missing; expected an object");
  }

  @Test
  void unknownKeysAndWrongTypesAreRefusedAllAtOnce() {
    refused(
        config().put("maxWaiter", 5).put("maxWait", "long").put("backendTimeout", 0),
        "maxWaiter is not a known key; known here: address, backend, backendTimeout, maxWait,"
            + " maxWaiters",
        "maxWait is \"long\"; expected a whole number of milliseconds",
        "backendTimeout is 0; expected a whole number of milliseconds from 1");
  }

  @Test
  void theBackendsConfigurationIsCheckedWithItsPath() {
    refused(
        new JsonObject().put("backend", MEMORY.copy().put("sise", 3)),
        "backend.sise is not a known key");
    refused(new JsonObject().put("backend", "memory"), "backend");
    refused(new JsonObject().put("backend", new JsonObject()), "backend.type is missing", "memory");
    refused(
        new JsonObject().put("backend", new JsonObject().put("type", "etcd")),
        "backend.type 'etcd' is unknown; known types: ",
        "memory");
  }

  @Test
  void anUnsetVariableIsRefusedByName() {
    refused(
        config().put("address", "${CONCLAVE_NO_SUCH_VARIABLE}"),
        "address uses the environment variable CONCLAVE_NO_SUCH_VARIABLE, which is not set");
  }

  @Test
  void undeployingFailsThoseWhoWait() {
    String id = get(deploy(config()));
    LockService service = LockService.createProxy(vertx);
    get(service.acquire(new LockRequest().setName("door")));
    Future<LockGrant> waiting = service.acquire(new LockRequest().setName("door"));
    get(service.locked("door"));
    get(vertx.undeploy(id));
    assertThat(failureOf(waiting))
        .matches(ErrorCode.CLOSED::is)
        .hasMessage("the lock service is closed");
    assertThat(failureOf(service.locked("door"))).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
  }

  @Test
  void verticlesWithEqualConfigurationShareOneBackendUntilTheLastIsGone() {
    String first = get(deploy(config()));
    String second = get(deploy(config().put("address", "second")));
    LockService one = LockService.createProxy(vertx);
    LockService two = LockService.createProxy(vertx, new LockServiceOptions().setAddress("second"));
    get(one.acquire(new LockRequest().setName("door")));
    assertThat(get(two.locked("door"))).isTrue();
    get(vertx.undeploy(first));
    assertThat(get(two.locked("door"))).isTrue();
    SyncBackend handle = get(Backends.connect(vertx, MEMORY.copy()));
    get(vertx.undeploy(second));
    assertThat(get(handle.find(LeaseKey.lock("door")))).isPresent();
    get(handle.close());
    assertThat(failureOf(handle.find(LeaseKey.lock("door")))).matches(ErrorCode.CLOSED::is);
    SyncBackend fresh = get(Backends.connect(vertx, MEMORY.copy()));
    assertThat(get(fresh.find(LeaseKey.lock("door")))).as("a new store").isEmpty();
    get(fresh.close());
    get(fresh.close());
  }

  @Test
  void aClosedHandleReceivesNoMoreHints() {
    SyncBackend mine = get(Backends.connect(vertx, MEMORY));
    SyncBackend other = get(Backends.connect(vertx, MEMORY));
    LeaseKey key = LeaseKey.lock("door");
    int[] hints = new int[1];
    mine.watch(key, () -> hints[0]++);
    get(other.acquire(LeaseRequest.of(key, "t", Duration.ofSeconds(9), "o")));
    assertThat(hints[0]).isEqualTo(1);
    get(mine.close());
    get(other.release(key, "t"));
    assertThat(hints[0]).isEqualTo(1);
    get(other.close());
  }

  @Test
  void aHandleThatIsNeverClosedDoesNotDelayTheClosingOfVertx() {
    Vertx forgetful = Vertx.vertx();
    SyncBackend handle = get(Backends.connect(forgetful, MEMORY));
    get(handle.ping());
    long before = System.nanoTime();
    get(forgetful.close());
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
  }
}
