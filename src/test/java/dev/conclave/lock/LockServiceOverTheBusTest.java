package dev.conclave.lock;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Async;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Local calls and calls over the bus, where two instances listen on one address: the same answers,
 * on the caller's own context.
 */
@ExtendWith(VertxExtension.class)
class LockServiceOverTheBusTest {
  private Vertx vertx;
  private FaultyBackend backend;
  private LockManager local;
  private LockService proxy;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    backend = new FaultyBackend(new MemoryBackend(scheduler), scheduler);
    LockServiceOptions options = new LockServiceOptions().setMaxWaiters(1).setMaxWait(30_000);
    local = LockManager.create(vertx, backend, options);
    get(register(LockService.DEFAULT_ADDRESS, local));
    get(register(LockService.DEFAULT_ADDRESS, LockManager.create(vertx, backend, options)));
    proxy = LockService.createProxy(vertx, options);
  }

  private Future<Void> register(String address, LockService service) {
    return LockService.bind(vertx, address, service).completion();
  }

  private static LockRequest request(String token, long wait) {
    return Provocations.request("door", token, wait);
  }

  @Test
  void everyFailureIsTheSameLocallyAndOverTheBus() {
    FaultyBackend failing = new FaultyBackend(backend, null).onAll(FaultyBackend.fail());
    LockManager broken = LockManager.create(vertx, failing, new LockServiceOptions());
    get(register("broken", broken));
    get(register("alone", local)); // One instance at its address, so that one waiter is too many.
    get(local.acquire(Provocations.request("held", "holder", 0)));
    JsonArray here = get(Provocations.run(local, broken));
    JsonArray there =
        get(
            Provocations.run(
                LockService.createProxy(vertx, new LockServiceOptions().setAddress("alone")),
                LockService.createProxy(vertx, new LockServiceOptions().setAddress("broken"))));
    assertThat(there.encodePrettily()).isEqualTo(here.encodePrettily());
    assertThat(here.stream().map(entry -> ((JsonObject) entry).getString("code")))
        .containsAll(Provocations.codes().stream().map(Enum::name).toList())
        .doesNotContainNull();
  }

  @Test
  void everyCallWorksOverTheBus() {
    LockGrant grant =
        get(proxy.acquire(request("a", 0).setMetadata(new JsonObject().put("room", 7))));
    assertThat(grant.getName()).isEqualTo("door");
    assertThat(grant.getToken()).isEqualTo("a");
    get(proxy.extend("door", "a", 30_000));
    assertThat(get(proxy.locked("door"))).isTrue();
    assertThat(get(proxy.owned("door", "a"))).isTrue();
    assertThat(get(proxy.owned("door", "b"))).isFalse();
    LockInfo info = get(proxy.find("door"));
    assertThat(info.getOwner()).isEqualTo("o");
    assertThat(info.getFencingToken()).isEqualTo(grant.getFencingToken());
    assertThat(info.getRemaining()).isBetween(1L, 30_000L);
    assertThat(info.getMetadata()).isEqualTo(new JsonObject().put("room", 7));
    assertThat(get(proxy.find("window"))).isNull();
    get(proxy.acquire(Provocations.request("door 2", "b", 0)));
    LockPage page = get(proxy.list("door", null, 1));
    assertThat(page.getLocks()).hasSize(1);
    LockPage rest = get(proxy.list("door", page.getNext(), 10));
    assertThat(rest.getLocks()).hasSize(1);
    assertThat(rest.getNext()).isNull();
    assertThat(get(proxy.revoke("door 2"))).isTrue();
    assertThat(get(proxy.release("door", "a"))).isTrue();
    assertThat(get(proxy.release("door", "a"))).isFalse();
    assertThat(get(proxy.acquire(new LockRequest().setName("door"))).getToken())
        .as("chosen for the caller")
        .hasSizeGreaterThan(20);
  }

  @Test
  void waitersWithNewTokensCostNoReadOfTheStore() {
    LocalLockManager wide =
        (LocalLockManager) LockManager.create(vertx, backend, new LockServiceOptions());
    get(register("wide", wide));
    LockService over = LockService.createProxy(vertx, new LockServiceOptions().setAddress("wide"));
    get(over.acquire(request("holder", 0)));
    DistributedLock lock =
        DistributedLock.create(vertx, over, "door", new LockOptions().setWaitTimeout(60_000));
    for (int i = 0; i < 50; i++) {
      lock.acquire();
      over.acquire(new LockRequest().setName("door").setWaitTimeout(60_000));
    }
    eventually("all wait", () -> wide.waiting() == 100);
    assertThat(backend.calls(FaultyBackend.Op.OWNS)).isZero();
  }

  @Test
  void aManagerListensFromItsStartToItsEnd() {
    LockServiceOptions options = new LockServiceOptions().setAddress("started");
    LockService over = LockService.createProxy(vertx, options);
    LockManager manager = LockManager.create(vertx, backend, options);
    assertThat(failureOf(over.locked("door"))).hasMessageContaining("no lock service listens");
    get(manager.start());
    get(manager.start());
    assertThat(get(over.locked("door"))).isFalse();
    get(manager.close());
    assertThat(failureOf(over.locked("door"))).hasMessageContaining("no lock service listens");
    assertThat(failureOf(manager.start())).matches(ErrorCode.CLOSED::is);
  }

  @Test
  void withoutAHandlerThereIsAClearErrorAtOnce() {
    LockService unbound =
        LockService.createProxy(vertx, new LockServiceOptions().setAddress("nowhere"));
    for (Future<?> call :
        List.of(
            unbound.acquire(request("a", 20_000)),
            unbound.release("door", "a"),
            unbound.find("door"),
            DistributedLock.create(vertx, unbound, "door").acquire())) {
      assertThat(failureOf(call))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessage("no lock service listens on 'nowhere': deploy a LockServiceVerticle there");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aGrantWhoseAnswerIsLostIsReleased(boolean lose) {
    LockServiceOptions hasty = new LockServiceOptions().setBackendTimeout(1).setMaxWait(1_000);
    AtomicBoolean losing = new AtomicBoolean(lose);
    vertx
        .eventBus()
        .addInboundInterceptor(
            delivery -> {
              boolean answer = delivery.message().address().startsWith("__vertx.reply");
              if (!answer || !losing.getAndSet(false)) {
                delivery.next();
              }
            });
    Future<LockGrant> acquiring = LockService.createProxy(vertx, hasty).acquire(request("a", 500));
    if (lose) {
      assertThat(failureOf(acquiring)).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
      eventually("it is released", () -> !get(local.locked("door")));
    } else {
      get(acquiring);
      assertThat(get(local.locked("door"))).isTrue();
    }
  }

  @Test
  void anAcquireWithoutAnAnswerFailsAfterItsRelease() {
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    FaultyBackend slow = new FaultyBackend(backend, scheduler);
    slow.on(FaultyBackend.Op.RELEASE, slow.delay(Duration.ofMillis(500), Duration.ZERO));
    get(register("slow", LockManager.create(vertx, slow, new LockServiceOptions())));
    AtomicBoolean losing = new AtomicBoolean(true);
    vertx
        .eventBus()
        .addInboundInterceptor(
            delivery -> {
              if (!delivery.message().address().startsWith("__vertx.reply")
                  || !losing.getAndSet(false)) {
                delivery.next();
              }
            });
    LockService hasty =
        LockService.createProxy(
            vertx, new LockServiceOptions().setAddress("slow").setBackendTimeout(1_000));
    assertThat(failureOf(hasty.acquire(request("a", 0))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    // A retry at once gets a lease that no release under way can end.
    get(hasty.acquire(request("a", 0)));
    Async.pause(Duration.ofMillis(600));
    assertThat(get(local.owned("door", "a"))).isTrue();
  }

  @Test
  void aLostAnswerIsNoticedSoonAfterTheRequestsOwnWait() {
    AtomicBoolean losing = new AtomicBoolean(true);
    vertx
        .eventBus()
        .addInboundInterceptor(
            delivery -> {
              if (!delivery.message().address().startsWith("__vertx.reply")
                  || !losing.getAndSet(false)) {
                delivery.next();
              }
            });
    // The service allows waits of ten minutes; this request does not wait.
    LockService patient =
        LockService.createProxy(vertx, new LockServiceOptions().setBackendTimeout(100));
    assertThat(failureOf(patient.acquire(request("a", 0))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
  }

  @ParameterizedTest
  @MethodSource("threadingModels")
  void answersComeOnTheCallersContext(ThreadingModel model) {
    for (LockService service : List.of(local, proxy)) {
      Promise<List<String>> strangers = Promise.promise();
      get(
          vertx.deployVerticle(
              new VerticleBase() {
                @Override
                public Future<?> start() {
                  checkContexts(service, context, strangers);
                  return Future.succeededFuture();
                }
              },
              new DeploymentOptions().setThreadingModel(model)));
      assertThat(get(strangers.future())).isEmpty();
    }
  }

  static List<ThreadingModel> threadingModels() {
    return Runtime.version().feature() < 21
        ? List.of(ThreadingModel.EVENT_LOOP, ThreadingModel.WORKER)
        : List.of(ThreadingModel.EVENT_LOOP, ThreadingModel.WORKER, ThreadingModel.VIRTUAL_THREAD);
  }

  @Test
  void answersComeOnTheCallersDuplicatedContext() {
    for (LockService service : List.of(local, proxy)) {
      Promise<List<String>> strangers = Promise.promise();
      // A message is handled on a duplicate of the consumer's context, one for each message.
      vertx
          .eventBus()
          .consumer("start " + service.getClass())
          .handler(m -> checkContexts(service, Vertx.currentContext(), strangers));
      vertx.eventBus().send("start " + service.getClass(), "now");
      assertThat(get(strangers.future())).isEmpty();
    }
  }

  private void checkContexts(LockService service, Context caller, Promise<List<String>> strangers) {
    List<String> seen = new ArrayList<>();
    DistributedLock lock =
        DistributedLock.create(vertx, service, "ctx", new LockOptions().setLeaseDuration(400));
    Promise<Void> lost = Promise.promise();
    step(seen, "locked", caller, () -> service.locked("ctx"))
        .compose(v -> step(seen, "acquire", caller, lock::acquire))
        .compose(
            handle ->
                step(seen, "extend", caller, handle::extend)
                    .compose(v -> waitAndHandOver(seen, caller, lock, handle)))
        .compose(v -> step(seen, "withLock", caller, () -> lock.withLock(h -> later(seen, caller))))
        .compose(v -> step(seen, "acquire", caller, lock::acquire))
        .compose(
            handle -> {
              handle.onLost(
                  () -> {
                    note(seen, "onLost", caller);
                    lost.complete();
                  });
              return lost.future();
            })
        .map(seen)
        .onComplete(strangers);
  }

  private Future<Void> later(List<String> seen, Context caller) {
    note(seen, "body", caller);
    Promise<Void> ended = Promise.promise();
    new Thread(ended::complete).start(); // the body ends on a thread of its own
    return ended.future();
  }

  private Future<?> waitAndHandOver(
      List<String> seen, Context caller, DistributedLock lock, LockHandle handle) {
    Future<LockHandle> waiting = step(seen, "wait", caller, lock::acquire);
    return step(seen, "release", caller, handle::release)
        .compose(v -> waiting)
        .compose(next -> step(seen, "release 2", caller, next::release));
  }

  private static <T> Future<T> step(
      List<String> seen, String what, Context caller, Supplier<Future<T>> call) {
    return call.get().onComplete(answer -> note(seen, what, caller));
  }

  private static void note(List<String> seen, String what, Context caller) {
    if (Vertx.currentContext() != caller) {
      seen.add(what + " on " + Vertx.currentContext());
    }
  }

  @Test
  void manyThreadsAtOnceAreServedOneByOne() throws InterruptedException {
    LocalLockManager wide =
        (LocalLockManager) LockManager.create(vertx, backend, new LockServiceOptions());
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger granted = new AtomicInteger();
    Set<String> trouble = ConcurrentHashMap.newKeySet();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 16; t++) {
      int me = t;
      threads.add(
          new Thread(
              () -> {
                for (int i = 0; i < 50; i++) {
                  String token = me + "-" + i;
                  try {
                    get(wide.acquire(request(token, 25_000)));
                    if (inside.incrementAndGet() != 1) {
                      trouble.add("two inside");
                    }
                    granted.incrementAndGet();
                    inside.decrementAndGet();
                    get(wide.release("door", token));
                  } catch (Throwable e) {
                    trouble.add(e.toString());
                  }
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join(Duration.ofSeconds(60).toMillis());
    }
    assertThat(trouble).isEmpty();
    assertThat(granted).hasValue(800);
    eventually("no request waits", () -> wide.waiting() == 0 && wide.queues() == 0);
  }

  @Test
  void aHandlerThatThrowsHarmsNoOtherHandler() {
    DistributedLock lock =
        DistributedLock.create(vertx, local, "door", new LockOptions().setLeaseDuration(200));
    Promise<LockHandle> acquired = Promise.promise();
    Promise<Throwable> thrown = Promise.promise();
    Context caller = vertx.getOrCreateContext().exceptionHandler(thrown::tryComplete);
    caller.runOnContext(v -> lock.acquire().onComplete(acquired));
    LockHandle handle = get(acquired.future());
    Promise<Void> notified = Promise.promise();
    handle.onLost(
        () -> {
          throw new IllegalStateException("a bug of the caller");
        });
    handle.onLost(notified::complete);
    get(notified.future());
    assertThat(get(thrown.future())).hasMessage("a bug of the caller");
    get(get(lock.acquire()).release());
  }
}
