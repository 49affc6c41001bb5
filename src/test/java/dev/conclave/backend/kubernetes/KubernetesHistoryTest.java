package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.FakeApiServer.Trouble;
import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.backend.kubernetes.api.Credentials;
import dev.conclave.backend.kubernetes.api.Endpoint;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.http.HttpClientOptions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects that are deleted while they are held, and an etcd that was restored from a backup. */
class KubernetesHistoryTest extends FakeApiServerFixture {
  private static final Duration SHORT = Duration.ofSeconds(3);

  /** Waits until the lease is granted, and returns the fencing token. */
  private static long await(SyncBackend backend, LeaseKey key, String token) {
    long[] fence = new long[1];
    eventually(
        "a grant",
        () -> {
          if (ask(backend, key, token, LONG) instanceof Acquisition.Granted granted) {
            fence[0] = granted.fencingToken();
          }
          return fence[0] > 0;
        });
    return fence[0];
  }

  private void makeVersions(SyncBackend by) {
    LeaseKey other = LeaseKey.task("makes versions");
    for (int i = 0; i < 10; i++) {
      take(by, other, "t", LONG);
      get(by.release(other, "t"));
    }
  }

  @Test
  void aHolderGoesOnAfterARestore() {
    LeaseKey key = key();
    SyncBackend holder = open();
    take(holder, key, "token", LONG);
    Runnable backup = server.objects.backup();
    for (int i = 0; i < 5; i++) {
      assertThat(get(holder.extend(key, "token", LONG))).isTrue();
    }
    server.restore(backup);
    long updates = server.count("update");
    long gets = server.count("get");
    assertThat(get(holder.extend(key, "token", LONG))).isTrue();
    assertThat(server.count("update") - updates).isEqualTo(2);
    assertThat(server.count("get") - gets).isEqualTo(1);
  }

  @Test
  void oneOfTwoIsGrantedAfterARestoreAndTheServerIsLeftInPeace() {
    LeaseKey key = key();
    SyncBackend one = open();
    SyncBackend two = open();
    follow(one, key);
    follow(two, key);
    take(one, key, "one", LONG);
    get(one.release(key, "one"));
    Runnable backup = server.objects.backup();
    for (int i = 0; i < 5; i++) {
      take(one, key, "one", LONG);
      get(one.release(key, "one"));
      take(two, key, "two", LONG);
      get(two.release(key, "two"));
    }
    server.restore(backup);
    int before = server.requests.size();
    boolean first = ask(one, key, "one", LONG).granted();
    boolean second = ask(two, key, "two", LONG).granted();
    assertThat(first ^ second).isTrue();
    assertThat(server.requests.size() - before).isLessThan(25);
  }

  @Test
  void whoWasAliveBeforeARestoreIsWaitedForAndExceeded() {
    LeaseKey key = key();
    SyncBackend holder = open();
    SyncBackend witness = open();
    follow(witness, key);
    take(holder, key, "before", LONG);
    get(holder.release(key, "before"));
    Runnable backup = server.objects.backup();
    for (int i = 0; i < 5; i++) {
      take(holder, key, "before", LONG);
      get(holder.release(key, "before"));
    }
    long began = System.nanoTime();
    long fence = take(holder, key, "holder", SHORT);
    eventually("the witness knows", () -> !get(witness.find(key)).isEmpty());
    server.restore(backup);
    assertThat(await(witness, key, "witness")).isGreaterThan(fence);
    assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
    assertThat(get(holder.extend(key, "holder", LONG))).isFalse();
  }

  @Test
  void aWatchFromTheFutureGivesWayToAListAsSoonAsAnAnswerShowsIt() {
    LeaseKey key = key();
    SyncBackend watcher = open();
    SyncBackend other = open();
    take(other, key, "t", LONG);
    follow(watcher, key);
    Runnable backup = server.objects.backup();
    for (int i = 0; i < 10; i++) {
      get(other.extend(key, "t", LONG));
    }
    long version = server.objects.version();
    eventually(
        "the watcher has followed",
        () -> {
          server.endWatches();
          return server.watchQueries.stream().anyMatch(q -> q.contains("Version=" + version + "&"));
        });
    server.restore(backup);
    AtomicInteger hints = new AtomicInteger();
    watcher.watch(key, hints::incrementAndGet);
    get(watcher.find(key));
    eventually(
        "it watches what there is",
        () ->
            server.watchQueries.stream()
                .anyMatch(q -> q.contains("Version=" + server.objects.version() + "&")));
    int before = hints.get();
    assertThat(get(other.revoke(key))).isTrue();
    eventually("a hint", () -> hints.get() > before);
  }

  @Test
  void aSilentWatchIsReplacedByAListAndAnother() {
    LeaseKey key = LeaseKey.leader("silent");
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    AtomicInteger hints = new AtomicInteger();
    scheduler.execute(
        () -> {
          Endpoint endpoint =
              new Endpoint(
                  server.url(),
                  "",
                  FakeApiServer.NAMESPACE,
                  new HttpClientOptions().setDefaultPort(server.port()),
                  Credentials.none());
          ApiClient api =
              new ApiClient(
                  vertx,
                  scheduler,
                  endpoint,
                  Resource.LEASE.path(FakeApiServer.NAMESPACE),
                  Resource.LEASE.qualifiedName(),
                  2);
          Observations observations =
              new Observations(scheduler, seen -> {}, name -> hints.incrementAndGet(), () -> {});
          new KindWatch(
                  scheduler,
                  api,
                  Resource.LEASE,
                  LeaseKey.Kind.LEADER,
                  LONG,
                  observations,
                  Duration.ofMillis(300))
              .start();
        });
    server.fail("watch", Trouble.HANG); // as behind a device that has forgotten the connection
    eventually("a watch that brings nothing", () -> server.count("watch") == 1);
    take(open(server.config("lease")), key, "t", LONG);
    eventually("another list", () -> hints.get() > 0);
    eventually("and another watch", () -> server.openWatches() > 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoSawALiveHolderWaitsOutWhatWasLeftWhenTheObjectIsDeleted(boolean watched) {
    LeaseKey key = key();
    SyncBackend holder = open();
    KubernetesBackend witness = open();
    if (watched) {
      follow(witness, key);
    } else {
      server.forbidden.add("watch");
    }
    long began = System.nanoTime();
    long fence = take(holder, key, "holder", SHORT);
    eventually("the witness knows", () -> !get(witness.find(key)).isEmpty());
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(await(witness, key, "witness")).isGreaterThan(fence);
    assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
    assertThat(get(holder.extend(key, "holder", LONG))).isFalse();
  }

  @Test
  void aWaiterIsNotifiedWhenTheHolderOfADeletedObjectRunsOut() {
    LeaseKey key = key();
    SyncBackend holder = open();
    KubernetesBackend witness = open();
    follow(witness, key);
    take(holder, key, "holder", SHORT);
    eventually("the witness knows", () -> !get(witness.find(key)).isEmpty());
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    AtomicInteger turns = new AtomicInteger();
    Runnable[] again = new Runnable[1];
    LeaseRequest request =
        LeaseRequest.of(key, "witness", LONG, "w")
            .waiting(
                LONG,
                () -> {
                  turns.incrementAndGet();
                  again[0].run();
                });
    AtomicInteger granted = new AtomicInteger();
    again[0] =
        () ->
            witness
                .acquire(request)
                .onSuccess(answer -> granted.addAndGet(answer.granted() ? 1 : 0));
    again[0].run();
    eventually("it is granted", () -> granted.get() == 1);
    assertThat(turns.get()).as("notified when something changed, not all the time").isLessThan(5);
  }

  @Test
  void aHolderThatReleasesOrComesBackAfterADeletionIsNotWaitedFor() {
    LeaseKey key = key();
    KubernetesBackend backend = open();
    take(backend, key, "holder", LONG);
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(ask(backend, key, "next", LONG).granted()).isFalse();
    assertThat(get(backend.release(key, "holder"))).isFalse();
    take(backend, key, "next", LONG);
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(get(backend.find(key))).isEmpty();
    take(backend, key, "next", LONG);
  }

  @Test
  void aHolderThatHasLearntOfTheDeletionByItsOwnWriteIsNotWaitedFor() {
    server.objects.checksUid = false;
    LeaseKey key = key();
    server.forbidden.add("watch");
    SyncBackend holder = open();
    SyncBackend witness = open();
    take(holder, key, "holder", LONG);
    assertThat(get(witness.find(key))).isPresent();
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(ask(witness, key, "witness", LONG).granted()).isFalse();
    assertThat(get(holder.extend(key, "holder", LONG))).isFalse();
    take(witness, key, "witness", LONG);
  }
}
