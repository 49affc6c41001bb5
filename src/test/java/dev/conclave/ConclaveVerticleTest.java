package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.election.LeaderElectionService;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockService;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One file in, everything deployed; or nothing, with a sentence that says why. */
@ExtendWith(VertxExtension.class)
class ConclaveVerticleTest {
  private Vertx vertx;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
  }

  private Future<String> deploy(JsonObject config) {
    return vertx.deployVerticle(new ConclaveVerticle(), new DeploymentOptions().setConfig(config));
  }

  private static JsonObject memory() {
    return new JsonObject().put("backend", new JsonObject().put("type", "memory"));
  }

  private void assertRefused(JsonObject config, String... parts) {
    Throwable refused = failureOf(deploy(config));
    assertThat(refused).matches(ErrorCode.INVALID::is).hasMessageContainingAll(parts);
    eventually("nothing is deployed", () -> vertx.deploymentIDs().isEmpty());
  }

  @Test
  void deploysLocksAndElectionsOnOneBackend() {
    JsonObject election = new JsonObject().put("election", "one").put("worker", "w");
    String id =
        get(
            deploy(
                memory()
                    .put("locks", new JsonObject())
                    .put("elections", new JsonArray().add(election))));
    DistributedLock lock = DistributedLock.create(vertx, LockService.createProxy(vertx), "door");
    boolean valid = get(lock.withLock(handle -> Future.succeededFuture(handle.isValid())));
    assertThat(valid).isTrue();
    eventually(
        "a leader",
        () -> get(LeaderElectionService.createProxy(vertx, "one").status()).isLeading());
    get(vertx.undeploy(id));
    eventually("nothing is deployed", () -> vertx.deploymentIDs().isEmpty());
    assertThat(failureOf(lock.tryAcquire())).hasMessageContaining("no lock service listens");
  }

  @Test
  void refusesAnEmptyConfigurationAsTheLauncherGivesForAMissingFile() {
    assertRefused(new JsonObject(), "backend is missing");
  }

  @Test
  void refusesAConfigurationThatDeploysNothing() {
    assertRefused(memory(), "deploys nothing", "locks", "elections");
  }

  @Test
  void refusesUnknownKeysWithTheirPathAtEveryLevel() {
    assertRefused(memory().put("lock", new JsonObject()), "lock is not a known key", "locks");
    assertRefused(
        memory().put("locks", new JsonObject().put("adress", "x")),
        "locks.adress is not a known key",
        "address");
    JsonArray elections =
        new JsonArray()
            .add(new JsonObject().put("election", "a"))
            .add(new JsonObject().put("election", "b").put("leaseDurations", 1));
    assertRefused(
        memory().put("elections", elections), "elections[1].leaseDurations is not a known key");
    assertRefused(
        new JsonObject()
            .put("backend", new JsonObject().put("type", "memory").put("size", 3))
            .put("locks", new JsonObject()),
        "backend.size is not a known key");
  }

  @Test
  void refusesWrongTypesAndMissingValuesWithTheirPath() {
    assertRefused(
        memory().put("elections", new JsonObject()), "elections is {}", "an array of elections");
    assertRefused(
        memory().put("elections", new JsonArray().add("demo")), "elections[0] is \"demo\"");
    assertRefused(
        memory().put("elections", new JsonArray().add(new JsonObject())),
        "elections[0].election is missing");
    assertRefused(
        memory().put("locks", new JsonObject().put("maxWait", "long")),
        "locks.maxWait is \"long\"",
        "milliseconds");
    assertRefused(new JsonObject().put("backend", "redis"), "backend has a wrong value");
  }

  @Test
  void refusesAnUnknownBackendWithTheKnownOnes() {
    assertRefused(
        new JsonObject()
            .put("backend", new JsonObject().put("type", "zookeeper"))
            .put("locks", new JsonObject()),
        "'zookeeper' is unknown",
        "memory",
        "postgres",
        "redis");
  }

  @Test
  void refusesAnUnsetEnvironmentVariableByName() {
    JsonObject backend = new JsonObject().put("type", "${CONCLAVE_SURELY_UNSET}");
    assertRefused(
        new JsonObject().put("backend", backend).put("locks", new JsonObject()),
        "backend.type",
        "CONCLAVE_SURELY_UNSET");
  }

  @Test
  void refusesTimingsThatContradictEachOtherAndLeavesNothingDeployed() {
    JsonObject election =
        new JsonObject().put("election", "a").put("leaseDuration", 100).put("renewDeadline", 200);
    assertRefused(
        memory().put("locks", new JsonObject()).put("elections", new JsonArray().add(election)),
        "renewDeadline",
        "leaseDuration");
  }

  @Test
  void anExpansionThatIsTheWholeValueMayBeANumberInEveryPart() {
    JsonObject election =
        new JsonObject()
            .put("election", "${NOT_SET:one}")
            .put("leaseDuration", "${NOT_SET:15000}")
            .put("jitter", "${NOT_SET:0.25}")
            .put("candidate", "${NOT_SET:false}");
    JsonObject task =
        new JsonObject()
            .put("name", "${NOT_SET:ping}")
            .put("every", "${NOT_SET:60000}")
            .put("address", "pings")
            .put("sync", new JsonObject().put("leader", "one").put("taskLock", "${NOT_SET:true}"));
    String id =
        get(
            deploy(
                new JsonObject()
                    .put("backend", new JsonObject().put("type", "${NOT_SET:memory}"))
                    .put("locks", new JsonObject().put("maxWaiters", "${NOT_SET:5}"))
                    .put("elections", new JsonArray().add(election))
                    .put("tasks", new JsonArray().add(task))));
    assertThat(id).isNotEmpty();
  }

  @Test
  void anExpansionOfAnotherTypeIsRefusedByItsKey() {
    assertRefused(
        memory().put("locks", new JsonObject().put("maxWaiters", "${NOT_SET:many}")),
        "locks.maxWaiters is \"many\"; expected");
    assertRefused(
        memory().put("locks", new JsonObject().put("maxWaiters", "5")),
        "locks.maxWaiters is \"5\"; expected");
  }
}
