package dev.conclave.task;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.task.guard.TaskKeys;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Several managers on one real store. Subclasses name the store. */
@ExtendWith(VertxExtension.class)
abstract class ClusterContract {
  private static final Instant START = Instant.parse("2026-03-01T00:02:30Z");

  private final String task = "task-" + UUID.randomUUID();
  private final List<SyncBackend> backends = new ArrayList<>();
  private Vertx vertx;

  /** The backend's configuration. */
  protected abstract JsonObject backend();

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
  }

  @AfterEach
  void close() {
    backends.forEach(backend -> get(backend.close()));
  }

  private SyncBackend connect() {
    SyncBackend backend = get(Backends.connect(vertx, backend()));
    backends.add(backend);
    return backend;
  }

  @Test
  void aThousandTicksRunOnceEachWhileManagersComeAndGo() {
    Random random = new Random(7);
    DrivenTime time = new DrivenTime(START);
    SyncBackend backend = new Sim.Store(connect(), time);
    List<Instant> ran = new ArrayList<>();
    List<TaskManager> up = new ArrayList<>();
    while (ran.size() < 1_000) {
      if (up.isEmpty() || up.size() < 5 && random.nextInt(4) == 0) {
        TaskRouter router = TaskRouter.create();
        router
            .cron(
                "*/5 * * * *",
                task,
                run -> {
                  ran.add(run.fireTime());
                  return Future.succeededFuture();
                })
            .oncePerTick();
        // Some of them have the same offset, so that they claim at the same moment.
        Duration offset = Duration.ofSeconds(30L * (random.nextInt(5) - 2));
        TaskManager manager = Sim.manager(time, offset, backend, router);
        manager.start();
        up.add(manager);
      } else if (up.size() > 1 && random.nextInt(4) == 0) {
        up.remove(random.nextInt(up.size())).close();
      }
      time.advance(Duration.ofSeconds(1 + random.nextInt(900)));
    }
    up.forEach(TaskManager::close);
    time.advance(Duration.ofMinutes(1));
    assertThat(ran).doesNotHaveDuplicates();
    for (int i = 0; i < ran.size(); i++) {
      assertThat(ran.get(i)).as("tick %d", i).isEqualTo(START.plusSeconds(150 + 300L * i));
    }
  }

  @Test
  void aRunLongerThanItsLeaseIsAloneAndAStopInTheMiddleGivesTheLockBack() {
    AtomicInteger others = new AtomicInteger();
    AtomicInteger heldToTheEnd = new AtomicInteger();
    List<TaskContext> runs = new CopyOnWriteArrayList<>();
    TaskBody body =
        run -> {
          // A machine that stalls loses its lease; its own clock has ended its permission before
          // others begin.
          others.addAndGet((int) runs.stream().filter(TaskContext::isValid).count());
          runs.add(run);
          Promise<Void> promise = Promise.promise();
          run.onLost(promise::tryComplete);
          vertx.setTimer(
              1_200,
              id -> {
                if (run.isValid()) {
                  heldToTheEnd.incrementAndGet();
                }
                promise.tryComplete();
              });
          return promise.future();
        };
    List<TaskManager> managers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      TaskRouter router = TaskRouter.create();
      router.every(Duration.ofMillis(20), task, body).withTaskLock(Duration.ofMillis(600));
      TaskManagerOptions options =
          new TaskManagerOptions().setAddress("tasks-" + i).setShutdownTimeout(0);
      managers.add(TaskManager.create(vertx, connect(), options).include(router));
    }
    managers.forEach(manager -> get(manager.start()));
    eventually("two runs twice as long as their leases", () -> heldToTheEnd.get() >= 2);
    assertThat(others).as("valid runs in addition to one that began").hasValue(0);
    for (int i = 1; i < runs.size(); i++) {
      assertThat(runs.get(i).fencingToken()).isGreaterThan(runs.get(i - 1).fencingToken());
    }
    managers.forEach(manager -> get(manager.close()));
    assertThat(runs).noneMatch(TaskContext::isValid);
    assertThat(get(connect().find(TaskKeys.run(task)))).isEmpty();
  }

  @Test
  void theBodyIsNotifiedOfALeaseThatIsLostDuringTheRun() {
    Promise<Boolean> lost = Promise.promise();
    Promise<Void> begun = Promise.promise();
    TaskRouter router = TaskRouter.create();
    router
        .every(
            Duration.ofHours(1),
            task,
            run -> {
              run.onLost(() -> lost.tryComplete(run.isValid()));
              begun.complete();
              return lost.future();
            })
        .withTaskLock(Duration.ofMillis(600));
    SyncBackend backend = connect();
    TaskManager manager = TaskManager.create(vertx, backend).include(router);
    get(manager.start());
    get(begun.future());
    assertThat(get(backend.revoke(TaskKeys.run(task)))).isTrue();
    assertThat(get(lost.future())).isFalse();
    eventually(
        "the outcome is LOST", () -> "LOST".equals(get(manager.list()).get(0).getLastOutcome()));
    get(manager.close());
  }

  @Test
  void aPauseHoldsForEveryManagerAndOverTheBus() {
    AtomicInteger runs = new AtomicInteger();
    for (int i = 0; i < 2; i++) {
      TaskRouter router = TaskRouter.create();
      router.every(
          Duration.ofMillis(10),
          task,
          run -> {
            runs.incrementAndGet();
            return Future.succeededFuture();
          });
      TaskManagerOptions options = new TaskManagerOptions().setAddress("tasks-" + i);
      get(TaskManager.create(vertx, connect(), options).include(router).start());
    }
    TaskService one = TaskService.createProxy(vertx, "tasks-0");
    TaskService two = TaskService.createProxy(vertx, "tasks-1");
    eventually("both run", () -> runs.get() > 4);
    assertThat(get(one.pause(task))).isTrue();
    assertThat(get(two.pause(task))).isFalse();
    eventually("both have noticed", () -> !running(one) && !running(two));
    int before = runs.get();
    assertThat(get(two.list()).get(0).isPaused()).isTrue();
    get(two.trigger(task));
    eventually("a triggered run goes on", () -> runs.get() == before + 1);
    assertThat(get(two.resume(task))).isTrue();
    eventually("both go on", () -> runs.get() > before + 4);
  }

  /** Whether another run has begun since the last call. */
  private boolean running(TaskService service) {
    long first = get(service.list()).get(0).getCounts().getLong("SUCCESS");
    pause(Duration.ofMillis(40));
    return get(service.list()).get(0).getCounts().getLong("SUCCESS") != first;
  }
}
