package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Planted;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What stands in the objects, and how what others write there is read. */
class KubernetesRecordTest extends FakeApiServerFixture {
  private static final String MICRO_TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z";

  @Test
  void aLeaseHoldsWhatClientGoWrites() {
    LeaseKey key = LeaseKey.leader("Nightly Reports!");
    SyncBackend backend = open();
    LeaseRequest request =
        LeaseRequest.of(key, Planted.MARKER, Duration.ofMillis(1400), "worker-1")
            .withMetadata(new JsonObject().put("pod", "p-7"));
    Acquisition.Granted granted = (Acquisition.Granted) get(backend.acquire(request));

    JsonObject lease = stored(key);
    JsonObject metadata = lease.getJsonObject("metadata");
    assertThat(metadata.getString("name")).matches("conclave-leader-nightly-reports-[0-9a-f]{32}");
    assertThat(metadata.getJsonObject("labels").getMap())
        .containsEntry("app.kubernetes.io/managed-by", "conclave")
        .containsEntry("conclave.dev/kind", "leader");
    JsonObject spec = spec(lease);
    assertThat(spec.fieldNames())
        .containsExactlyInAnyOrder(
            "holderIdentity",
            "leaseDurationSeconds",
            "acquireTime",
            "renewTime",
            "leaseTransitions");
    assertThat(spec.getString("holderIdentity")).matches("worker-1_[0-9a-f]{8}");
    assertThat(spec.getInteger("leaseDurationSeconds")).as("rounded up").isEqualTo(2);
    assertThat(spec.getString("acquireTime")).matches(MICRO_TIME);
    assertThat(spec.getString("renewTime")).matches(MICRO_TIME);
    assertThat(spec.getInteger("leaseTransitions")).isZero();
    assertThat(annotation(lease, "conclave.dev/name")).isEqualTo("Nightly Reports!");
    assertThat(annotation(lease, "conclave.dev/duration-ms")).isEqualTo("1400");
    assertThat(annotation(lease, "conclave.dev/owner")).isEqualTo("worker-1");
    assertThat(annotation(lease, "conclave.dev/metadata")).isEqualTo("{\"pod\":\"p-7\"}");
    assertThat(lease.encode()).doesNotContain(Planted.MARKER);
    assertThat(granted.fencingToken())
        .isEqualTo(
            Instant.parse(metadata.getString("creationTimestamp")).getEpochSecond() * 1_000_000);
  }

  @Test
  void aConfigMapHoldsItInTheOldAnnotation() {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("configmap"));
    take(backend, key, "token", LONG);
    assertThat(get(backend.extend(key, "token", Duration.ofMillis(1)))).isTrue();
    JsonObject record =
        new JsonObject(annotation(stored(key), "control-plane.alpha.kubernetes.io/leader"));
    assertThat(record.fieldNames())
        .containsExactlyInAnyOrder(
            "holderIdentity",
            "leaseDurationSeconds",
            "acquireTime",
            "renewTime",
            "leaderTransitions");
    assertThat(record.getInteger("leaseDurationSeconds")).isEqualTo(1);
    assertThat(record.getString("renewTime")).matches(MICRO_TIME);
  }

  @Test
  void aReleaseLeavesWhatClientGoLeavesAndNothingOfTheHolder() {
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    get(backend.release(key, "token"));
    JsonObject lease = stored(key);
    assertThat(spec(lease).getString("holderIdentity")).isEmpty();
    assertThat(spec(lease).getInteger("leaseDurationSeconds")).isEqualTo(1);
    assertThat(spec(lease).getInteger("leaseTransitions")).isZero();
    assertThat(annotation(lease, "conclave.dev/fencing-token")).isEqualTo(String.valueOf(fence));
    assertThat(Resource.annotations(lease).fieldNames())
        .doesNotContain("conclave.dev/owner", "conclave.dev/token-hash", "conclave.dev/metadata");
    assertThat(take(backend, key, "next", LONG)).isEqualTo(fence + 1);
    assertThat(spec(stored(key)).getInteger("leaseTransitions")).isEqualTo(1);
  }

  @Test
  void theHoldersIdentityIsNotAToken() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "the real token", LONG);
    JsonObject lease = stored(key);
    for (String public_ :
        Set.of(
            spec(lease).getString("holderIdentity"),
            annotation(lease, "conclave.dev/token-hash"),
            annotation(lease, "conclave.dev/write"))) {
      assertThat(get(backend.owns(key, public_))).isFalse();
      assertThat(get(backend.extend(key, public_, LONG))).isFalse();
      assertThat(get(backend.release(key, public_))).isFalse();
    }
    assertThat(get(backend.owns(key, "the real token"))).isTrue();
  }

  @Test
  void whatOthersPutIntoTheObjectStays() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", LONG);
    JsonObject lease = stored(key);
    lease.getJsonObject("metadata").getJsonObject("labels").put("team", "a");
    Resource.annotations(lease).put("note", "do not touch");
    spec(lease).put("strategy", "OldestEmulationVersion");
    write(lease);
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    get(backend.release(key, "token"));
    lease = stored(key);
    assertThat(lease.getJsonObject("metadata").getJsonObject("labels").getString("team"))
        .isEqualTo("a");
    assertThat(annotation(lease, "note")).isEqualTo("do not touch");
    assertThat(spec(lease).getString("strategy")).isEqualTo("OldestEmulationVersion");
    assertThat(lease.getJsonObject("metadata").getJsonArray("managedFields")).hasSize(1);
  }

  @Test
  void anotherElectorsHoldingIsSeenAndCounted() {
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    JsonObject lease = stored(key);
    spec(lease).put("holderIdentity", "client-go-1").put("leaseTransitions", 1);
    spec(lease).put("leaseDurationSeconds", 15);
    write(lease);

    Lease seen = get(backend.find(key)).orElseThrow();
    assertThat(seen.owner()).isEqualTo("client-go-1");
    assertThat(seen.fencingToken()).isGreaterThan(fence);
    assertThat(seen.remaining()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(15));
    assertThat(seen.metadata()).isNull();
    assertThat(get(backend.owns(key, "token"))).isFalse();
    assertThat(get(backend.extend(key, "token", LONG))).isFalse();
    assertThat(ask(backend, key, "token", LONG)).isInstanceOf(Acquisition.Refused.class);

    assertThat(get(backend.revoke(key))).isTrue();
    assertThat(take(backend, key, "token", LONG)).isGreaterThan(seen.fencingToken());
  }

  @Test
  void theFencingTokenGrowsThoughTheAnnotationsWereStripped() {
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = 0;
    for (int i = 0; i < 3; i++) {
      fence = take(backend, key, "token-" + i, LONG);
      get(backend.release(key, "token-" + i));
    }
    JsonObject lease = stored(key);
    lease.getJsonObject("metadata").remove("annotations");
    write(lease);
    assertThat(take(open(), key, "after", LONG)).isGreaterThan(fence);
  }

  @Test
  void anImpossibleFencingTokenIsNotBelieved() {
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    get(backend.release(key, "token"));
    JsonObject lease = stored(key);
    Resource.annotations(lease).put("conclave.dev/fencing-token", String.valueOf(Long.MAX_VALUE));
    write(lease);
    assertThat(take(open(), key, "after", LONG)).isEqualTo(fence + 1);
  }

  @Test
  void aDurationThatWasEditedByHandIsWhatEverybodySees() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", Duration.ofMillis(300));
    JsonObject lease = stored(key);
    spec(lease).put("leaseDurationSeconds", 40);
    write(lease);
    assertThat(get(backend.find(key)).orElseThrow().remaining())
        .isGreaterThan(Duration.ofSeconds(20));
  }

  @Test
  void aRecordThatCannotBeReadIsNeitherTakenNorChanged() {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("configmap"));
    take(backend, key, "token", LONG);
    JsonObject map = stored(key);
    Resource.annotations(map).put(Resource.LEADER, "{no json");
    String name = Names.of(key);
    assertThat(server.objects.update(FakeApiServer.CONFIGMAPS, name, map).status()).isEqualTo(200);
    assertThat(
            failureOf(
                open(server.config("configmap")).acquire(LeaseRequest.of(key, "other", LONG, "o"))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll(name, "cannot be read");
    eventually(
        "the object is known to the holder's backend",
        () -> failureOf(backend.find(key)).getMessage().contains("cannot be read"));
    assertThat(annotation(stored(key), Resource.LEADER)).isEqualTo("{no json");
  }

  @Test
  void namesAreValidAndNeverCollide() {
    Set<String> seen = new HashSet<>();
    for (String name :
        Set.of("a b", "a-b", "a.b", "A b", "a  b", "-a", "ä", "日本", "x".repeat(200))) {
      for (LeaseKey.Kind kind : LeaseKey.Kind.values()) {
        String object = Names.of(new LeaseKey(kind, name));
        assertThat(object).matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?").hasSizeLessThan(100);
        assertThat(seen.add(object)).as(object).isTrue();
      }
      assertThat(seen.add(Names.ofRegister(name))).isTrue();
    }
  }

  @Test
  void aListThatTookTooLongGoesOn() {
    SyncBackend backend = open();
    for (int i = 0; i < 5; i++) {
      take(backend, LeaseKey.task("t" + i), "token", LONG);
    }
    LeasePage first = get(backend.list(LeaseKey.Kind.TASK, "", null, 2));
    server.objects.compact();
    Set<String> names = new HashSet<>();
    first.leases().forEach(lease -> names.add(lease.key().name()));
    for (String next = first.next(); next != null; ) {
      LeasePage page = get(backend.list(LeaseKey.Kind.TASK, "", next, 2));
      page.leases().forEach(lease -> names.add(lease.key().name()));
      next = page.next();
    }
    assertThat(names).containsExactlyInAnyOrder("t0", "t1", "t2", "t3", "t4");
  }

  @Test
  void aCopyUnderAnotherNameIsNotListed() {
    SyncBackend backend = open();
    LeaseKey key = LeaseKey.lock("original");
    take(backend, key, "token", LONG);
    JsonObject copy = stored(key);
    copy.getJsonObject("metadata").put("name", "a-copy").remove("resourceVersion");
    assertThat(server.objects.create(FakeApiServer.LEASES, copy).status()).isEqualTo(201);
    assertThat(get(backend.list(LeaseKey.Kind.LOCK, "", null, 10)).leases()).hasSize(1);
  }
}
