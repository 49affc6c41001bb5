package dev.conclave.lock;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.LockServiceVerticle;
import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Backends;
import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The verticle and its proxy on one real store. A subclass names the backend; every service has a
 * Vert.x of its own where the store can be shared between two.
 */
abstract class LockServiceOnRealBackend {
  private static final long CYCLES = 10_000;

  private final String name = "lock-" + UUID.randomUUID();
  private final List<Vertx> instances = new ArrayList<>();
  private Vertx vertx;
  private LockService service;

  /** The backend's configuration. */
  abstract JsonObject backend();

  /** Whether another Vert.x instance sees the same store. */
  boolean sharesStore() {
    return true;
  }

  /** What the store's side counts that must not grow: connections, keys, subscriptions. */
  abstract long resources();

  @BeforeEach
  void open() {
    vertx = anotherVertx();
    get(deploy(vertx));
    service = LockService.createProxy(vertx);
  }

  @AfterEach
  void close() {
    instances.forEach(instance -> get(instance.close()));
  }

  private Vertx anotherVertx() {
    if (instances.isEmpty() || sharesStore()) {
      instances.add(Vertx.vertx());
    }
    return instances.get(instances.size() - 1);
  }

  private Future<String> deploy(Vertx on) {
    return deploy(on, LockService.DEFAULT_ADDRESS);
  }

  private Future<String> deploy(Vertx on, String address) {
    return on.deployVerticle(
        new LockServiceVerticle(),
        new DeploymentOptions()
            .setConfig(new JsonObject().put("backend", backend()).put("address", address)));
  }

  /** A service of another process, or as good as that. */
  private LockService elsewhere() {
    Vertx other = anotherVertx();
    get(deploy(other, "elsewhere"));
    return LockService.createProxy(other, new LockServiceOptions().setAddress("elsewhere"));
  }

  private LockRequest request(String token) {
    return new LockRequest().setName(name).setToken(token).setWaitTimeout(20_000);
  }

  @Test
  void grantsComeInTheOrderOfArrival() {
    get(service.acquire(request("holder")));
    List<Integer> order = new CopyOnWriteArrayList<>();
    List<Future<?>> done = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      int me = i;
      String token = "t" + i;
      done.add(
          service
              .acquire(request(token))
              .compose(
                  grant -> {
                    order.add(me);
                    return service.release(name, token);
                  }));
    }
    get(service.release(name, "holder"));
    get(Future.all(done));
    assertThat(order).isEqualTo(IntStream.range(0, 100).boxed().toList());
    assertThat(get(service.locked(name))).isFalse();
  }

  @Test
  void anUnprotectedCounterIsExactUnderTheLock() {
    LockService other = elsewhere();
    int[] counter = new int[1];
    List<Long> fences = new CopyOnWriteArrayList<>();
    List<Future<?>> clients = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Vertx on = instances.get(i % instances.size());
      Lock lock =
          Lock.create(
              on,
              i % 2 == 0 || instances.size() > 1 && i % instances.size() == 0 ? service : other,
              name,
              new LockOptions().setWaitTimeout(25_000));
      clients.add(times(5, () -> increment(on, lock, counter, fences)));
    }
    get(Future.all(clients));
    assertThat(counter[0]).isEqualTo(200);
    assertThat(fences).hasSize(200).isSorted().doesNotHaveDuplicates();
    assertThat(get(service.locked(name))).isFalse();
  }

  private static Future<?> increment(Vertx on, Lock lock, int[] counter, List<Long> fences) {
    return lock.withLock(
        handle -> {
          fences.add(handle.fencingToken());
          int read = counter[0];
          Promise<Void> written = Promise.promise();
          on.runOnContext(
              v -> {
                counter[0] = read + 1;
                written.complete();
              });
          return written.future();
        });
  }

  private static Future<?> times(int n, Supplier<Future<?>> step) {
    return n == 0 ? Future.succeededFuture() : step.get().compose(done -> times(n - 1, step));
  }

  @Test
  void aHolderThatIsRevokedFindsOutAndTheNextHasAGreaterFencingToken() {
    Lock lock = Lock.create(vertx, service, name, new LockOptions().setLeaseDuration(20_000));
    LockHandle handle = get(lock.acquire());
    LockService other = elsewhere();
    Future<LockGrant> waiting = other.acquire(request("next"));
    eventually("it is held", () -> get(other.locked(name)));
    assertThat(get(other.revoke(name))).isTrue();
    assertThat(get(waiting).getFencingToken()).isGreaterThan(handle.fencingToken());
    assertThat(failureOf(handle.extend())).matches(ErrorCode.LOST::is);
    assertThat(get(handle.release())).isFalse();
    assertThat(get(other.owned(name, "next"))).isTrue();
    get(other.release(name, "next"));
  }

  @Test
  void afterACrashOfTheHolderItIsFreeAtTheExpiry() {
    LockService other = elsewhere();
    long before = System.nanoTime();
    // Nobody renews and nobody releases: that is all a crash looks like from here.
    long fence = get(other.acquire(request("crashed").setLeaseDuration(700))).getFencingToken();
    LockGrant next = get(service.acquire(request("next")));
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isGreaterThanOrEqualTo(Duration.ofMillis(690));
    assertThat(next.getFencingToken()).isGreaterThan(fence);
    assertThat(failureOf(other.extend(name, "crashed", 1_000))).matches(ErrorCode.NOT_OWNER::is);
    assertThat(get(other.release(name, "crashed"))).isFalse();
    assertThat(get(service.release(name, "next"))).isTrue();
  }

  @Test
  void aReleaseWakesAWaiterOfAnotherService() {
    LockService other = elsewhere();
    get(service.acquire(request("a")));
    Future<LockGrant> waiting = other.acquire(request("b"));
    eventually("it waits", () -> get(service.find(name)) != null);
    long before = System.nanoTime();
    get(service.release(name, "a"));
    get(waiting);
    // The fallback, which does without hints, would have taken up to five seconds.
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(4));
    get(other.release(name, "b"));
  }

  @Test
  void whoeverGaveUpLeavesNothing() {
    LockService other = elsewhere();
    get(service.acquire(request("holder")));
    assertThat(failureOf(other.acquire(request("short").setWaitTimeout(1_000))))
        .matches(ErrorCode.TIMEOUT::is);
    Promise<Void> giveUp = Promise.promise();
    Future<LockHandle> acquiring =
        Lock.create(vertx, other, name, new LockOptions()).acquire(giveUp.future());
    giveUp.complete();
    assertThat(failureOf(acquiring)).matches(ErrorCode.CLOSED::is);
    get(service.release(name, "holder"));
    assertFreeAtOnce();
  }

  /** Nobody is offered it, so nobody stood in line. */
  private void assertFreeAtOnce() {
    eventually(
        "what was given up has arrived",
        () -> {
          boolean granted =
              service
                  .acquire(request("probe").setWaitTimeout(0))
                  .transform(answer -> Future.succeededFuture(answer.succeeded()))
                  .toCompletionStage()
                  .toCompletableFuture()
                  .join();
          if (granted) {
            get(service.release(name, "probe"));
          }
          return granted;
        });
    // What was given up may still be on its way, to be granted and released right after.
    eventually("it is free", () -> get(service.find(name)) == null);
  }

  @Test
  void undeployingFailsThoseWhoWaitAndTheirPlacesAreGivenBack() {
    get(service.acquire(request("holder")));
    Vertx other = anotherVertx();
    String id = get(deploy(other, "leaving"));
    LockService leaving =
        LockService.createProxy(other, new LockServiceOptions().setAddress("leaving"));
    Future<LockGrant> waiting = leaving.acquire(request("w"));
    get(leaving.locked(name));
    get(other.undeploy(id));
    assertThat(failureOf(waiting)).matches(ErrorCode.CLOSED::is);
    assertThat(get(service.release(name, "holder"))).isTrue();
    // At once, not after an offer to somebody who is gone has lapsed.
    get(service.acquire(request("probe").setWaitTimeout(0)));
    get(service.release(name, "probe"));
  }

  @Test
  void closingVertxGivesBackThePlacesOfThoseWhoWait() {
    if (!sharesStore()) {
      return; // Nobody is left who could look.
    }
    get(service.acquire(request("holder")));
    Vertx other = anotherVertx();
    get(deploy(other, "leaving"));
    LockService leaving =
        LockService.createProxy(other, new LockServiceOptions().setAddress("leaving"));
    leaving.acquire(request("w"));
    get(leaving.locked(name));
    instances.remove(other);
    get(other.close());
    assertThat(get(service.release(name, "holder"))).isTrue();
    get(service.acquire(request("probe").setWaitTimeout(0)));
    get(service.release(name, "probe"));
  }

  @Test
  void verticlesThatShareABackendOutliveTheOneThatCameFirst() {
    Vertx on = Vertx.vertx();
    instances.add(on);
    String first = get(deploy(on, "first"));
    get(deploy(on, "second"));
    get(on.undeploy(first));
    LockService second = LockService.createProxy(on, new LockServiceOptions().setAddress("second"));
    get(second.acquire(request("a")));
    Future<LockGrant> waiting = second.acquire(request("b"));
    get(second.release(name, "a"));
    get(waiting);
    assertThat(get(second.release(name, "b"))).isTrue();
  }

  @Test
  void manyCyclesLeaveNothing() {
    get(times(200, this::cycle));
    long before = resources();
    // In rounds, each with a time of its own: a machine may be slow.
    for (int round = 0; round < 10; round++) {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        clients.add(times((int) (CYCLES / 500), this::cycle));
      }
      get(Future.all(clients));
    }
    assertThat(get(service.list(name, null, 100)).getLocks()).isEmpty();
    eventually("no more than before: " + resources(), () -> resources() <= before);
  }

  /** Keys come and go: dynamic names must leave no garbage that counts. */
  private Future<?> cycle() {
    String token = UUID.randomUUID().toString();
    String door = name + (token.hashCode() & 7);
    return service
        .acquire(request(token).setName(door).setWaitTimeout(29_000))
        .compose(grant -> service.release(door, token));
  }

  @Test
  void aWaitIsNotBarredByAnotherKind() {
    SyncBackend raw = get(Backends.connect(vertx, backend()));
    Acquisition leading =
        get(
            raw.acquire(
                LeaseRequest.of(LeaseKey.leader(name), "l", Duration.ofSeconds(30), "leader")));
    assertThat(leading.granted()).isTrue();
    get(service.acquire(request("a").setWaitTimeout(0)));
    get(service.release(name, "a"));
    get(raw.release(LeaseKey.leader(name), "l"));
    get(raw.close());
  }
}
