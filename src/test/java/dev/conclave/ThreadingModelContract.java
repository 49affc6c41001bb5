package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockService;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import io.vertx.core.Deployable;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Locks, leaderships and tasks live by their own clock where verticles may block: every verticle of
 * ours and of the user has the threading model, and blocks for longer than a lease.
 *
 * <p>What blocks, blocks at the same time, because each of it takes seconds. Nothing in one case
 * depends on another.
 */
@ExtendWith(VertxExtension.class)
abstract class ThreadingModelContract {
  private static final int LEASE = 1_500;
  private static final Duration LONG = Duration.ofMillis(2_500);

  private Vertx vertx;

  abstract ThreadingModel model();

  @BeforeEach
  void open(Vertx injected) {
    vertx = injected;
    get(vertx.deployVerticle(LockServiceVerticle::new, options(config()).setInstances(2)));
  }

  private static JsonObject config() {
    return new JsonObject().put("backend", new JsonObject().put("type", "memory"));
  }

  private Future<String> deploy(Deployable verticle, JsonObject config) {
    return vertx.deployVerticle(verticle, options(config));
  }

  private DeploymentOptions options(JsonObject config) {
    return new DeploymentOptions().setThreadingModel(model()).setConfig(config);
  }

  private static DistributedLock lock(Vertx vertx, String name) {
    return DistributedLock.create(
        vertx,
        LockService.createProxy(vertx),
        name,
        new LockOptions().setLeaseDuration(LEASE).setWaitTimeout(60_000));
  }

  /** What a user deploys: does its work in its start. */
  private static Deployable user(Function<Vertx, Future<?>> work) {
    return new VerticleBase() {
      @Override
      public Future<?> start() {
        return work.apply(vertx);
      }
    };
  }

  private static Future<Void> block() {
    pause(LONG);
    return Future.succeededFuture();
  }

  @TestFactory
  Stream<DynamicTest> whileCodeBlocks() {
    Map<String, Future<?>> cases = new LinkedHashMap<>();
    cases.put("a lock is held while its body blocks", aLockIsHeld());
    cases.put("one body at once in several instances", oneBodyAtOnce());
    cases.put("a leadership lasts while its body blocks", leads("body", this::blockInABody));
    cases.put("… while its handlers block", leads("handlers", this::blockInHandlers));
    cases.put("… while a verticle of the leader blocks", leads("verticle", this::blockInAVerticle));
    cases.put("a task's lock is held while its body blocks", aTaskLockIsHeld());
    cases.put("… and from one file, while its one-shot verticle blocks", everythingFromOneFile());
    return cases.entrySet().stream()
        .map(entry -> dynamicTest(entry.getKey(), () -> get(entry.getValue())));
  }

  private Future<?> aLockIsHeld() {
    Promise<Boolean> valid = Promise.promise();
    Function<LockHandle, Future<Void>> body =
        handle -> block().onSuccess(ended -> valid.complete(handle.isValid()));
    return deploy(user(vertx -> lock(vertx, "door").withLock(body)), new JsonObject())
        .compose(id -> valid.future())
        .map(held -> assertThat(held).as("held to the end of the body").isTrue());
  }

  private Future<?> oneBodyAtOnce() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Function<LockHandle, Future<Void>> body =
        handle -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          return block().onComplete(ended -> running.decrementAndGet());
        };
    Supplier<Deployable> users = () -> user(vertx -> lock(vertx, "gate").withLock(body));
    return vertx
        .deployVerticle(users, options(new JsonObject()).setInstances(2))
        .map(ended -> assertThat(most).as("bodies at once").hasValue(1));
  }

  /** An election whose leader blocks; its end is the promise's. */
  private Future<?> leads(String name, BiConsumer<LeaderElection, Promise<Void>> blocks) {
    List<Boolean> changes = new CopyOnWriteArrayList<>();
    vertx
        .eventBus()
        .<JsonObject>consumer(
            LeadershipEvent.address(name),
            event -> changes.add(new LeadershipEvent(event.body()).isLeading()));
    Promise<Void> ended = Promise.promise();
    LeaderElectionVerticle verticle =
        new LeaderElectionVerticle() {
          @Override
          protected void prepare(LeaderElection election) {
            blocks.accept(election, ended);
          }
        };
    return deploy(verticle, config().put("election", name).put("leaseDuration", LEASE))
        .compose(id -> ended.future())
        .map(
            any -> {
              assertThat(verticle.election().isLeader()).isTrue();
              return assertThat(changes).as("led without a break").containsExactly(true);
            });
  }

  private void blockInABody(LeaderElection election, Promise<Void> ended) {
    election.lead(ThreadingModelContract::block).onComplete(ended);
  }

  private void blockInHandlers(LeaderElection election, Promise<Void> ended) {
    Semaphore both = new Semaphore(-1);
    Runnable handler =
        () -> {
          block();
          both.release();
          if (both.tryAcquire()) {
            ended.tryComplete();
          }
        };
    election.onChange(event -> handler.run());
    election.onLeadership(handler);
  }

  private void blockInAVerticle(LeaderElection election, Promise<Void> ended) {
    election.deployWhileLeading(
        () -> user(vertx -> block().onComplete(ended)), options(new JsonObject()));
  }

  private Future<?> aTaskLockIsHeld() {
    TaskRouter router = TaskRouter.create();
    router
        .every(Duration.ofMillis(50), "long", run -> block())
        .withTaskLock(Duration.ofMillis(LEASE));
    return firstOutcome("long", new TaskManagerVerticle(router), config());
  }

  /** Deployed for each run of a task. */
  public static final class OneShot extends VerticleBase {
    @Override
    public Future<?> start() {
      return block();
    }
  }

  private Future<?> everythingFromOneFile() {
    JsonObject task =
        new JsonObject()
            .put("name", "declared")
            .put("every", 50)
            .put("sync", new JsonObject().put("taskLock", true).put("lease", LEASE))
            .put("verticle", "java:" + OneShot.class.getName())
            .put("options", new JsonObject().put("threadingModel", model().name()));
    JsonObject locks = new JsonObject().put("address", "locks.of.the.file");
    return firstOutcome(
        "declared",
        new ConclaveVerticle(),
        config().put("locks", locks).put("tasks", new JsonArray().add(task)));
  }

  private Future<?> firstOutcome(String task, Deployable verticle, JsonObject config) {
    Promise<String> outcome = Promise.promise();
    vertx
        .eventBus()
        .<JsonObject>consumer(
            TaskManager.eventAddress(task),
            event -> {
              if (event.body().containsKey("outcome")) {
                outcome.tryComplete(event.body().getString("outcome"));
              }
            });
    return deploy(verticle, config)
        .compose(
            id ->
                outcome
                    .future()
                    .map(first -> assertThat(first).isEqualTo("SUCCESS"))
                    .eventually(() -> vertx.undeploy(id)));
  }

  @Test
  void aWorkerPoolThatIsFullHoldsUpNoRenewal() {
    LeaderElectionVerticle verticle = new LeaderElectionVerticle();
    get(deploy(verticle, config().put("election", "orders").put("leaseDuration", LEASE)));
    eventually("a leader", () -> verticle.election().isLeader());
    long fence = verticle.election().fencingToken().orElseThrow();
    LockOptions renewed = new LockOptions().setLeaseDuration(LEASE).setRenew(true);
    LockHandle handle =
        get(
            DistributedLock.create(vertx, LockService.createProxy(vertx), "door", renewed)
                .acquire());
    Semaphore begun = new Semaphore(0);
    for (int i = 0; i < 20; i++) {
      vertx.executeBlocking(
          () -> {
            begun.release();
            return block();
          },
          false);
    }
    begun.acquireUninterruptibly(20);
    pause(LONG);
    assertThat(handle.isValid()).isTrue();
    assertThat(verticle.election().fencingToken()).hasValue(fence);
    get(handle.release());
  }

  @Test
  void aHandleIsNotifiedWhenItsLeaseEnds() {
    Promise<Void> lost = Promise.promise();
    Deployable owner =
        user(
            vertx ->
                lock(vertx, "door").acquire().onSuccess(handle -> handle.onLost(lost::complete)));
    get(deploy(owner, new JsonObject()));
    get(lost.future());
  }
}
