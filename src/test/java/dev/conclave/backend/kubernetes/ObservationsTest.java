package dev.conclave.backend.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Watch;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.kubernetes.object.StoredObject;
import dev.conclave.backend.kubernetes.object.Writer;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Time by observation, on a clock that the test owns. */
class ObservationsTest {
  private static final Duration LEASE = Duration.ofSeconds(15);
  private static final Duration A_MOMENT = Duration.ofNanos(1);
  private static final LeaseKey KEY = LeaseKey.leader("demo");
  private static final String NAME = Names.of(KEY);

  private final ManualScheduler time = new ManualScheduler();
  private final KubernetesWaiters waiters = new KubernetesWaiters(time);
  private final List<String> changes = new ArrayList<>();
  private final AtomicInteger wentBack = new AtomicInteger();
  private final Observations observations =
      new Observations(
          time,
          waiters::seen,
          name -> {
            changes.add(name);
            waiters.changed(name);
          },
          wentBack::incrementAndGet);
  private final Writer writer = new Writer(Resource.LEASE, "n", time);
  private long version;

  private StoredObject held(String token) {
    return stored(writer.create(LeaseRequest.of(KEY, token, LEASE, "owner")).json());
  }

  private StoredObject stored(JsonObject json) {
    json.getJsonObject("metadata")
        .put("uid", "u")
        .put("creationTimestamp", "2026-01-01T00:00:00Z")
        .put("resourceVersion", String.valueOf(++version));
    return new StoredObject(Resource.LEASE, json);
  }

  private boolean live() {
    return observations.get(NAME).isLive(time.nanoTime());
  }

  @Test
  void aHolderIsAliveForItsWholeDurationAfterItWasSeenAndNoLonger() {
    observations.observe(held("t"));
    time.advance(LEASE.minus(A_MOMENT));
    assertThat(live()).isTrue();
    time.advance(A_MOMENT);
    assertThat(live()).isFalse();
  }

  @Test
  void stampsOfOtherClocksDoNotMatter() {
    JsonObject lease = held("t").copy();
    for (String stamp : List.of("1999-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z")) {
      lease.getJsonObject("spec").put("renewTime", stamp).put("acquireTime", stamp);
      observations.observe(stored(lease.copy()));
      time.advance(LEASE.minus(A_MOMENT));
      assertThat(live()).isTrue();
    }
    time.advance(A_MOMENT);
    assertThat(live()).isFalse();
  }

  @Test
  void aRenewalStartsTheTimeAnewEvenWithinOneMicrosecond() {
    StoredObject first = held("t");
    observations.observe(first);
    time.advance(LEASE.minusSeconds(1));
    JsonObject renewed = writer.extend(first, LEASE).json();
    renewed.getJsonObject("spec").put("renewTime", first.record().renewTime());
    observations.observe(stored(renewed));
    time.advance(LEASE.minus(A_MOMENT));
    assertThat(live()).isTrue();
    assertThat(changes).as("a renewal is not a change of hands").hasSize(1);
  }

  @Test
  void aRenewalByAnotherElectorStartsTheTimeAnew() {
    JsonObject lease = held("t").copy();
    lease.getJsonObject("spec").put("holderIdentity", "client-go");
    observations.observe(stored(lease.copy()));
    time.advance(LEASE.minusSeconds(1));
    lease.getJsonObject("spec").put("renewTime", "2026-01-01T00:00:01.000000Z");
    observations.observe(stored(lease.copy()));
    time.advance(LEASE.minus(A_MOMENT));
    assertThat(live()).isTrue();
  }

  @Test
  void aLabelIsNotARenewal() {
    JsonObject lease = held("t").copy();
    observations.observe(stored(lease.copy()));
    time.advance(LEASE.minusSeconds(1));
    lease.getJsonObject("metadata").getJsonObject("labels").put("team", "a");
    Resource.annotations(lease).put("note", "looked at");
    observations.observe(stored(lease.copy()));
    assertThat(observations.get(NAME).left(time.nanoTime())).isEqualTo(1_000_000_000L);
  }

  @Test
  void whatIsSeenAgainUnchangedKeepsItsTime() {
    JsonObject lease = held("t").copy();
    for (int i = 0; i < 15; i++) {
      observations.observe(new StoredObject(Resource.LEASE, lease.copy()));
      assertThat(live()).isTrue();
      time.advance(Duration.ofSeconds(1));
    }
    observations.observe(new StoredObject(Resource.LEASE, lease.copy()));
    assertThat(live()).isFalse();
  }

  @Test
  void aLateEventDoesNotBringBackThePast() {
    StoredObject old = held("t");
    StoredObject now = stored(writer.vacate(old, 1).json());
    observations.observe(now);
    observations.observe(old);
    assertThat(observations.get(NAME).object().isHeld()).isFalse();
  }

  @Test
  void whatWasOvertakenHasItsOwnFencingToken() {
    StoredObject first = held("t");
    LeaseRequest next = LeaseRequest.of(KEY, "u", LEASE, "owner");
    observations.observe(stored(writer.takeOver(first, next, 7 + first.fencingToken()).json()));
    assertThat(observations.observe(first).fencingToken()).isEqualTo(first.fencingToken());
    assertThat(observations.get(NAME).fencingToken()).isEqualTo(7 + first.fencingToken());
  }

  @Test
  void theLateDeletionOfAnEarlierObjectDoesNotTouchTheNewOne() {
    StoredObject old = held("t");
    JsonObject created = held("u").copy();
    created.getJsonObject("metadata").put("uid", "u2").put("resourceVersion", "99");
    observations.observe(new StoredObject(Resource.LEASE, created));
    observations.observeDeletion(old);
    assertThat(observations.get(NAME)).isNotNull();
    assertThat(observations.greatestDeleted()).isEqualTo(old.fencingToken());
  }

  @Test
  void aDeletedObjectLeavesOnlyItsFencingTokenBehind() {
    StoredObject object = held("t");
    observations.observe(object);
    observations.deleted(NAME);
    assertThat(observations.size()).isZero();
    assertThat(observations.greatestDeleted()).isEqualTo(object.fencingToken());
  }

  @Test
  void unlistedObjectsAreForgotten() {
    observations.observe(held("t"));
    time.advance(A_MOMENT);
    observations.forgetUnlisted(object -> true, time.nanoTime());
    assertThat(observations.size()).isZero();
    assertThat(changes).hasSize(2);
    observations.observe(held("t"));
    observations.forgetUnlisted(object -> true, time.nanoTime());
    assertThat(observations.size()).as("received since the list began").isEqualTo(1);
  }

  @Test
  void aWaiterIsNotifiedAtTheMomentTheHolderRunsOut() {
    AtomicInteger turns = new AtomicInteger();
    StoredObject object = held("t");
    observations.observe(object);
    LeaseRequest.Waiter waiter =
        new LeaseRequest.Waiter(Duration.ofMinutes(5), turns::incrementAndGet);
    waiters.await(NAME, "w", waiter, observations.get(NAME));
    time.advance(LEASE.minusSeconds(1));
    observations.observe(stored(writer.extend(object, LEASE).json()));
    time.advance(LEASE.minus(A_MOMENT));
    assertThat(turns.get()).isZero();
    time.advance(A_MOMENT);
    assertThat(turns.get()).isEqualTo(1);
    assertThat(waiters.size()).isZero();
    assertThat(time.pending()).isZero();
  }

  @Test
  void aHintFiresWhenTheHolderRunsOutAndMayThrow() {
    AtomicInteger hints = new AtomicInteger();
    Runnable hint =
        () -> {
          hints.incrementAndGet();
          throw new IllegalStateException("a broken hint");
        };
    observations.observe(held("t"));
    Watch watch = waiters.watch(NAME, hint, observations.get(NAME));
    waiters.watch(NAME, hints::incrementAndGet, observations.get(NAME));
    time.advance(LEASE);
    assertThat(hints.get()).isEqualTo(2);
    watch.close();
    waiters.clear();
    assertThat(time.pending()).isZero();
  }

  @Test
  void patienceEnds() {
    AtomicInteger turns = new AtomicInteger();
    observations.observe(held("t"));
    LeaseRequest.Waiter waiter =
        new LeaseRequest.Waiter(Duration.ofSeconds(1), turns::incrementAndGet);
    waiters.await(NAME, "w", waiter, observations.get(NAME));
    time.advance(Duration.ofSeconds(1));
    assertThat(waiters.size()).isZero();
    time.advance(LEASE);
    assertThat(turns.get()).isZero();
    assertThat(time.pending()).isZero();
  }

  private StoredObject copy(StoredObject object) {
    return new StoredObject(Resource.LEASE, object.copy());
  }

  @Test
  void anOlderAnswerToALaterRequestIsBelievedSinceHistoryWentBack() {
    StoredObject old = held("t");
    StoredObject now =
        stored(writer.takeOver(old, LeaseRequest.of(KEY, "u", LEASE, "o"), 7).json());
    observations.observe(now);
    time.advance(A_MOMENT);
    observations.observe(copy(old), time.nanoTime());
    assertThat(wentBack.get()).isEqualTo(1);
    assertThat(observations.get(NAME).object().tokenHash()).isEqualTo(old.tokenHash());
    assertThat(observations.greatestDeleted()).isEqualTo(now.fencingToken());
  }

  @Test
  void anOlderAnswerToAnEarlierRequestWasOvertaken() {
    StoredObject old = held("t");
    StoredObject now = stored(writer.vacate(old, 1).json());
    long asked = time.nanoTime();
    time.advance(A_MOMENT);
    observations.observe(now);
    observations.observe(copy(old), asked);
    time.advance(A_MOMENT);
    observations.observe(copy(now), time.nanoTime()); // received again, and known for longer
    observations.observe(copy(old), asked);
    assertThat(wentBack.get()).isZero();
    assertThat(observations.get(NAME).object().isHeld()).isFalse();
    observations.observe(copy(old), time.nanoTime());
    assertThat(wentBack.get()).isEqualTo(1);
  }

  @Test
  void theHolderOfADeletedObjectIsInTheWayForWhatItHadLeft() {
    StoredObject object = held("t");
    observations.observe(object);
    time.advance(LEASE.minusSeconds(2));
    observations.observeDeletion(object);
    assertThat(observations.get(NAME)).isNull();
    time.advance(Duration.ofSeconds(2).minus(A_MOMENT));
    assertThat(observations.orphan(NAME)).isNotNull();
    JsonObject created = held("u").copy();
    created.getJsonObject("metadata").put("uid", "u2");
    StoredObject other = new StoredObject(Resource.LEASE, created);
    observations.observe(other);
    assertThat(observations.inTheWay(NAME).object()).isEqualTo(other);
    observations.observe(new StoredObject(Resource.LEASE, writer.vacate(other, 1).json()));
    assertThat(observations.inTheWay(NAME).object().tokenHash()).isEqualTo(object.tokenHash());
    time.advance(A_MOMENT);
    assertThat(observations.orphan(NAME)).isNull();
    observations.deleted(NAME);
    assertThat(observations.size()).isZero();
    assertThat(time.pending()).isZero();
  }

  @Test
  void aHolderThatHasWrittenTheNextObjectIsNotWaitedForTwice() {
    StoredObject object = held("t");
    observations.observe(object);
    observations.deleted(NAME);
    JsonObject vacated = writer.vacate(object, 1).json();
    vacated.getJsonObject("metadata").put("uid", "u2").put("resourceVersion", "99");
    observations.observe(new StoredObject(Resource.LEASE, vacated));
    assertThat(observations.orphan(NAME)).isNull();
  }
}
