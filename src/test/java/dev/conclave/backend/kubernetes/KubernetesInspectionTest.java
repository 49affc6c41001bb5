package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.object.Annotations;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Inspection holds up no lease. */
class KubernetesInspectionTest extends FakeApiServerFixture {
  @Test
  void listingsThatHangHoldUpNoRenewal() {
    KubernetesBackend backend = open(server.config("lease").put("connections", 1));
    LeaseKey key = key();
    String token = UUID.randomUUID().toString();
    take(backend, key, token, LONG);
    eventually("the watch", () -> server.openWatches() == 1);
    long before = server.count("list");
    server.weather =
        verb ->
            verb.equals("list")
                ? new FakeApiServer.Fault(verb, FakeApiServer.Trouble.HANG, 0, null)
                : null;
    List<Future<LeasePage>> listings = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      listings.add(backend.list(LeaseKey.Kind.LEADER, "", null, 100));
    }
    eventually("a listing hangs", () -> server.count("list") > before);
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    assertThat(listings).noneMatch(Future::isComplete);
  }

  @Test
  void aLargePageIsReadInSmallerOnes() {
    SyncBackend backend = open();
    LeaseKey key = key();
    take(backend, key, UUID.randomUUID().toString(), LONG);
    JsonObject stored = stored(key);
    for (int i = 0; i < 500; i++) {
      LeaseKey another = key();
      JsonObject copy = stored.copy();
      JsonObject metadata = copy.getJsonObject("metadata").put("name", Names.of(another));
      metadata.remove("uid");
      metadata.remove("resourceVersion");
      Resource.annotations(copy).put(Annotations.NAME, another.name());
      assertThat(server.objects.create(FakeApiServer.LEASES, copy).status()).isEqualTo(201);
    }
    LeasePage first = get(backend.list(LeaseKey.Kind.LEADER, "", null, 1000));
    LeasePage second = get(backend.list(LeaseKey.Kind.LEADER, "", first.next(), 1000));
    assertThat(first.leases()).hasSize(500);
    assertThat(second.leases()).hasSize(1);
    assertThat(second.next()).isNull();
  }

  @Test
  void requestsOnOneObjectThatMeetShareARead() {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = UUID.randomUUID().toString();
    long fence = take(backend, key, token, LONG);
    long before = server.count("get");
    List<Future<Optional<Lease>>> found = new ArrayList<>();
    List<Future<Acquisition>> refused = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      found.add(backend.find(key));
      refused.add(
          backend.acquire(LeaseRequest.of(key, UUID.randomUUID().toString(), LONG, "stranger")));
    }
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    assertThat(found.stream().map(f -> get(f).orElseThrow().fencingToken())).containsOnly(fence);
    assertThat(refused.stream().map(f -> get(f))).noneMatch(Acquisition::granted);
    assertThat(server.count("get") - before).isLessThan(100);
  }

  /** What another client has written since is seen by those who ask afterwards. */
  @Test
  void aReadIsSharedByThoseOnlyWhoAskedBeforeIt() {
    SyncBackend backend = open();
    SyncBackend other = open();
    for (int round = 0; round < 50; round++) {
      LeaseKey key = key();
      String token = UUID.randomUUID().toString();
      take(other, key, token, LONG);
      List<Future<Optional<Lease>>> before = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        before.add(backend.find(key));
      }
      assertThat(get(other.release(key, token))).isTrue();
      assertThat(get(backend.find(key))).isEmpty();
      before.forEach(answer -> get(answer));
    }
  }
}
