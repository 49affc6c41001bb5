package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.kubernetes.FakeApiServer.Trouble;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shared watch: what it keeps fresh, what it calls, and how it comes back. */
class KubernetesWatchTest extends FakeApiServerFixture {
  private static final Duration A_SECOND = Duration.ofSeconds(1);

  @Test
  void aFollowersCountIsOlderThanItsFirstTry() {
    LeaseKey key = key();
    SyncBackend leader = open();
    SyncBackend follower = open();
    follow(follower, key());
    take(leader, key, "leader", A_SECOND);
    pause(Duration.ofMillis(1300));
    long before = server.count("get");
    assertThat(ask(follower, key, "follower", LONG).granted()).isTrue();
    assertThat(server.count("get")).as("nothing had to be read").isEqualTo(before);
  }

  @Test
  void whoHasNotObservedItWaitsForTheWholeDuration() {
    LeaseKey key = key();
    take(open(), key, "leader", A_SECOND);
    pause(Duration.ofMillis(1300));
    SyncBackend late = open();
    Acquisition first = ask(late, key, "late", LONG);
    assertThat(first).isInstanceOf(Acquisition.Refused.class);
    assertThat(((Acquisition.Refused) first).holder().remaining()).isPositive();
    eventually("it has waited", () -> ask(late, key, "late", LONG).granted());
  }

  @Test
  void aWaiterIsNotifiedWhenTheHolderReleasesInAnotherProcess() {
    LeaseKey key = key();
    SyncBackend leader = open();
    KubernetesBackend follower = open();
    follow(follower, key);
    take(leader, key, "leader", LONG);
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest request =
        LeaseRequest.of(key, "follower", LONG, "f").waiting(LONG, turns::incrementAndGet);
    assertThat(get(follower.acquire(request)).granted()).isFalse();
    get(leader.release(key, "leader"));
    eventually("the turn", () -> turns.get() == 1);
    assertThat(get(follower.acquire(request)).granted()).isTrue();
    assertThat(get(follower.footprint())).isZero();
  }

  @Test
  void aWaiterIsNotifiedWhenTheHolderRunsOut() {
    LeaseKey key = key();
    SyncBackend leader = open();
    KubernetesBackend follower = open();
    take(leader, key, "leader", A_SECOND);
    AtomicReference<Future<Acquisition>> answer = new AtomicReference<>();
    LeaseRequest again = LeaseRequest.of(key, "follower", LONG, "f");
    LeaseRequest request = again.waiting(LONG, () -> answer.set(follower.acquire(again)));
    assertThat(get(follower.acquire(request)).granted()).isFalse();
    eventually("the turn", () -> answer.get() != null);
    assertThat(get(answer.get()).granted()).isTrue();
  }

  @Test
  void waitersAndWatchesLeaveNothingBehind() {
    KubernetesBackend backend = open();
    LeaseKey key = key();
    take(backend, key, "holder", LONG);
    LeaseRequest gives =
        LeaseRequest.of(key, "gives up", LONG, "o").waiting(Duration.ofMillis(50), () -> {});
    LeaseRequest quits = LeaseRequest.of(key, "quits", LONG, "o").waiting(LONG, () -> {});
    get(backend.acquire(gives));
    get(backend.acquire(quits));
    Watch watch = backend.watch(key, () -> {});
    eventually("they are there", () -> get(backend.footprint()) == 1);
    watch.close();
    get(backend.release(key, "quits"));
    eventually("patience is over", () -> get(backend.footprint()) == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOutdatedVersionIsListedAnew(boolean goneAsStatus) {
    server.goneAsStatus = goneAsStatus;
    LeaseKey key = key();
    SyncBackend watcher = open();
    SyncBackend other = open();
    AtomicInteger hints = new AtomicInteger();
    watcher.watch(key, hints::incrementAndGet);
    eventually("a watch", () -> server.openWatches() == 1);
    long lists = server.count("list");
    server.fail("watch", 503, "0");
    server.cutWatches();
    server.objects.compact();
    take(other, LeaseKey.task("makes a version"), "t", LONG);
    take(other, key, "t", LONG);
    server.objects.compact();
    eventually("listed again", () -> server.count("list") > lists + 1);
    eventually("the hint", () -> hints.get() > 0);
    int before = hints.get();
    eventually("watches are back", () -> server.openWatches() == 3);
    get(other.release(key, "t"));
    eventually("the next hint", () -> hints.get() > before);
  }

  @Test
  void aBrokenStreamGoesOnWhereItWasWithoutAList() {
    LeaseKey key = key();
    SyncBackend watcher = open();
    SyncBackend other = open();
    AtomicInteger hints = new AtomicInteger();
    watcher.watch(key, hints::incrementAndGet);
    eventually("a watch", () -> server.openWatches() == 1);
    take(other, key, "t", LONG);
    eventually("a hint and both watches", () -> hints.get() > 0 && server.openWatches() == 2);
    long lists = server.count("list");
    int before = hints.get();
    for (int i = 0; i < 3; i++) {
      server.fail("watch", Trouble.CUT_BEFORE);
    }
    server.cutWatches();
    get(other.release(key, "t"));
    eventually("the hint", () -> hints.get() > before);
    assertThat(server.count("list")).isEqualTo(lists);
  }

  @Test
  void withoutAnyWatchAnswersAreFreshAllTheSame() {
    server.forbidden.add("list");
    server.forbidden.add("watch");
    LeaseKey key = key();
    SyncBackend holder = open();
    SyncBackend other = open();
    for (int i = 0; i < 3; i++) {
      take(holder, key, "holder", LONG);
      assertThat(ask(other, key, "other", LONG).granted()).isFalse();
      assertThat(get(holder.release(key, "holder"))).isTrue();
      take(other, key, "other", LONG);
      assertThat(get(holder.extend(key, "holder", LONG))).isFalse();
      assertThat(get(holder.revoke(key))).isTrue();
      assertThat(get(other.extend(key, "other", LONG))).isFalse();
    }
  }

  @Test
  void aBusyServerIsLeftAloneForAsLongAsItAsks() {
    LeaseKey key = key();
    server.fail("watch", 429, "1");
    long before = System.nanoTime();
    follow(open(), key);
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isGreaterThanOrEqualTo(Duration.ofMillis(990));
  }

  @Test
  void aBookmarkMovesTheVersionThatAStreamGoesOnFrom() {
    LeaseKey key = key();
    follow(open(), key);
    take(open(server.config("configmap")), key, "makes a version", LONG);
    String version = String.valueOf(server.objects.version());
    server.bookmark();
    int watches = server.watchQueries.size();
    eventually(
        "the lease watch goes on from the bookmark",
        () -> {
          server.endWatches();
          pause(Duration.ofMillis(30));
          return server.watchQueries.stream()
              .skip(watches)
              .anyMatch(query -> query.contains("resourceVersion=" + version + "&"));
        });
    assertThat(server.watchQueries)
        .allMatch(query -> query.contains("allowWatchBookmarks=true"))
        .allMatch(query -> query.contains("managed-by%3Dconclave"));
  }

  @Test
  void aKindIsWatchedOnceHoweverManyKeysThereAre() {
    SyncBackend backend = open();
    for (int i = 0; i < 50; i++) {
      backend.watch(LeaseKey.lock("lock-" + i), () -> {});
      get(backend.find(LeaseKey.lock("lock-" + i)));
    }
    eventually("a watch", () -> server.openWatches() == 1);
    assertThat(server.count("watch")).isEqualTo(1);
    assertThat(server.count("list")).isEqualTo(1);
  }

  @Test
  void aLongListComesInPages() {
    SyncBackend writer = open();
    LeaseKey last = LeaseKey.task("zzz");
    for (int i = 0; i < 520; i++) {
      take(writer, LeaseKey.task("task-" + i), "t", LONG);
    }
    take(writer, last, "t", LONG);
    KubernetesBackend reader = open();
    long lists = server.count("list");
    follow(reader, LeaseKey.task("task-1"));
    assertThat(server.count("list") - lists).isEqualTo(2);
  }

  @Test
  void theBackendOutlivesTheVerticleThatOpenedIt() {
    LeaseKey key = key();
    AtomicReference<SyncBackend> made = new AtomicReference<>();
    VerticleBase verticle =
        new VerticleBase() {
          @Override
          public Future<?> start() {
            return Backends.connect(vertx, server.config("lease"))
                .onSuccess(made::set)
                .compose(backend -> backend.acquire(LeaseRequest.of(key, "token", LONG, "o")));
          }
        };
    String id = get(vertx.deployVerticle(verticle, new DeploymentOptions()));
    eventually("a watch", () -> server.openWatches() == 1);
    AtomicInteger hints = new AtomicInteger();
    get(vertx.undeploy(id));
    made.get().watch(key, hints::incrementAndGet);
    assertThat(get(made.get().extend(key, "token", LONG))).isTrue();
    take(open(), key(), "other", LONG);
    assertThat(get(open().revoke(key))).isTrue();
    eventually("the watch lives", () -> hints.get() > 0);
    get(made.get().close());
  }

  @Test
  void closingEndsTheStreams() {
    KubernetesBackend backend = open();
    follow(backend, key());
    get(backend.close());
    eventually("no watch is left", () -> server.openWatches() == 0);
  }
}
