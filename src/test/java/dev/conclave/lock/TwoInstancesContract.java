package dev.conclave.lock;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.Footprint;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two instances of the lock service on one address. Each also listens on an address of its own, so
 * that a test can choose one of them.
 */
abstract class TwoInstancesContract {
  private final String shared = "locks-" + UUID.randomUUID();
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private MemoryBackend memory;
  private LocalLockManager[] services;
  private LockService[] alone;
  private LockService either;

  /** Where the instance with this number, 0 or 1, runs. */
  abstract Vertx vertx(int instance);

  @BeforeEach
  void open() {
    memory = new MemoryBackend(new ContextScheduler(vertx(0), vertx(0).getOrCreateContext()));
    services = new LocalLockManager[] {instance(0), instance(1)};
    alone = new LockService[] {proxy(0, own(0)), proxy(0, own(1))};
    either = proxy(0, shared);
    get(alone[1].locked("door"));
  }

  private LocalLockManager instance(int number) {
    Vertx vertx = vertx(number);
    vertx.exceptionHandler(uncaught::add);
    LocalLockManager service =
        (LocalLockManager) LockManager.create(vertx, memory, new LockServiceOptions());
    get(LockService.bind(vertx, shared, service).completion());
    get(LockService.bind(vertx, own(number), service).completion());
    return service;
  }

  private String own(int number) {
    return shared + "-" + number;
  }

  private LockService proxy(int from, String address) {
    return LockService.createProxy(vertx(from), new LockServiceOptions().setAddress(address));
  }

  @AfterEach
  void close() {
    for (LockManager service : services) {
      get(service.close());
    }
    assertThat(uncaught).as("exceptions that nothing caught").isEmpty();
  }

  private static LockRequest request(String token, long wait) {
    return Provocations.request("door", token, wait).setLeaseDuration(600_000);
  }

  private int waiting() {
    return services[0].waiting() + services[1].waiting();
  }

  /** Lets everything arrive that was published before. */
  private void roundTrip() {
    for (int from = 0; from < 2; from++) {
      for (int to = 0; to < 2; to++) {
        get(proxy(from, own(to)).locked("door"));
      }
    }
  }

  private void assertNothingLeft() {
    eventually("nothing waits", () -> waiting() == 0);
    assertThat(services[0].queues() + services[1].queues()).isZero();
    eventually("the store is empty", () -> Footprint.of(memory) == 0);
  }

  @Test
  void callersThatGiveUpWaitAtNeitherInstance() {
    get(either.acquire(request("holder", 0)));
    Promise<Void> enough = Promise.promise();
    DistributedLock lock =
        DistributedLock.create(vertx(0), either, "door", new LockOptions().setWaitTimeout(300_000));
    List<Future<LockHandle>> callers = new ArrayList<>();
    for (int i = 0; i < 21; i++) {
      callers.add(lock.acquire(enough.future()));
    }
    eventually("all wait", () -> waiting() == 21);
    assertThat(services[0].waiting()).as("at the one and at the other").isBetween(1, 20);
    enough.complete();
    callers.forEach(caller -> assertThat(failureOf(caller)).matches(ErrorCode.CLOSED::is));
    eventually("nothing waits", () -> waiting() == 0);
    assertThat(get(either.owned("door", "holder"))).isTrue();
    get(either.release("door", "holder"));
    assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aReleaseEndsTheWaitAtTheOtherInstanceAndNoWaitOfAnotherToken(int instance) {
    get(either.acquire(request("holder", 0)));
    Future<LockGrant> wait = alone[1 - instance].acquire(request("mine", 300_000));
    Future<LockGrant> other = alone[1 - instance].acquire(request("another", 300_000));
    eventually("both wait", () -> services[1 - instance].waiting() == 2);
    assertThat(get(alone[instance].release("door", "mine"))).isFalse();
    assertThat(failureOf(wait)).matches(ErrorCode.CLOSED::is).hasMessageContaining("withdrawn");
    assertThat(get(alone[instance].release("door", "holder"))).isTrue();
    assertThat(get(other).getToken()).isEqualTo("another");
    assertThat(get(alone[instance].release("door", "another"))).isTrue();
    assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(ints = {0})
  void aRetryAtTheOtherInstanceWhileTheFirstWaitsGetsTheOneGrant(int instance) {
    get(either.acquire(request("holder", 0)));
    Future<LockGrant> first = alone[instance].acquire(request("mine", 300_000));
    eventually("the first waits", () -> services[instance].waiting() == 1);
    Future<LockGrant> retry = alone[1 - instance].acquire(request("mine", 300_000));
    eventually("the retry waits", () -> waiting() == 2);
    get(either.release("door", "holder"));
    eventually("one is granted", () -> first.isComplete() || retry.isComplete());
    // Whichever request was granted, a further retry gets the same holding.
    long fence = get(either.acquire(request("mine", 0))).getFencingToken();
    assertThat(get(first.isComplete() ? first : retry).getFencingToken()).isEqualTo(fence);
    Future<LockGrant> rest = first.isComplete() ? retry : first;
    assertThat(get(rest).getFencingToken()).isEqualTo(fence);
    assertThat(get(alone[instance].release("door", "mine"))).isTrue();
    assertNothingLeft();
  }

  @Test
  void givingUpEndsTheWaitsOfOneTokenAtBothInstances() {
    get(either.acquire(request("holder", 0)));
    List<Future<LockGrant>> waits = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waits.add(alone[i % 2].acquire(request("mine", 300_000)));
    }
    eventually("all wait", () -> waiting() == 4);
    assertThat(get(either.release("door", "mine"))).isFalse();
    waits.forEach(wait -> assertThat(failureOf(wait)).matches(ErrorCode.CLOSED::is));
    get(either.release("door", "holder"));
    assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theLockGoesFromOneInstanceToTheOther(int instance) {
    get(alone[instance].acquire(request("a", 0)));
    Future<LockGrant> next = alone[1 - instance].acquire(request("b", 300_000));
    eventually("it waits", () -> waiting() == 1);
    assertThat(get(alone[1 - instance].release("door", "a"))).isTrue();
    get(next);
    assertThat(get(alone[instance].release("door", "b"))).isTrue();
    assertNothingLeft();
  }

  @Test
  void anInstanceDoesNotEndWhatBeganAfterItsOwnWithdrawal() {
    get(either.acquire(request("holder", 0)));
    Future<Boolean> withdrawn = services[0].release("door", "mine");
    Future<LockGrant> wait = services[0].acquire(request("mine", 300_000));
    assertThat(get(withdrawn)).isFalse();
    roundTrip();
    assertThat(wait.isComplete()).as("ended").isFalse();
    get(either.release("door", "holder"));
    get(wait);
    get(either.release("door", "mine"));
    assertNothingLeft();
  }

  @Test
  void withdrawalsThatDoNotFitEndNothing() {
    get(either.acquire(request("holder", 0)));
    Future<LockGrant> wait = alone[1].acquire(request("mine", 300_000));
    eventually("it waits", () -> waiting() == 1);
    JsonObject right = new JsonObject().put("name", "door").put("token", "mine");
    List<Object> bodies = new ArrayList<>();
    bodies.add(null);
    bodies.addAll(List.of("door", 7, Buffer.buffer("{"), new JsonArray(), new JsonObject()));
    bodies.add(new JsonObject().put("name", "door"));
    bodies.add(new JsonObject().put("token", "mine"));
    bodies.add(right.copy().put("token", 7));
    bodies.add(right.copy().put("name", new JsonObject()));
    bodies.add(right.copy().put("from", 7));
    bodies.add(right.copy().put("token", "mine "));
    bodies.add(right.copy().put("name", "another door"));
    bodies.add(right.copy().put("name", "x".repeat(10_000)).put("token", "\u0000"));
    EventBus bus = vertx(0).eventBus();
    bodies.forEach(body -> bus.publish(shared, body, action("withdraw")));
    bus.publish(shared, right, action("Withdraw"));
    bus.publish(shared, right, new DeliveryOptions());
    roundTrip();
    assertThat(wait.isComplete()).as("ended").isFalse();
    bus.publish(shared, right, action("withdraw"));
    assertThat(failureOf(wait)).matches(ErrorCode.CLOSED::is);
    assertThat(get(either.owned("door", "holder"))).as("no withdrawal ends a lease").isTrue();
    get(either.release("door", "holder"));
    assertNothingLeft();
  }

  private static DeliveryOptions action(String name) {
    return new DeliveryOptions().addHeader("action", name);
  }
}
