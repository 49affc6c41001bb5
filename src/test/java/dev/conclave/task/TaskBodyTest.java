package dev.conclave.task;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The threads that bodies run on. */
@ExtendWith(VertxExtension.class)
class TaskBodyTest {
  private Vertx vertx;
  private SyncBackend backend;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    backend = get(Backends.connect(vertx, new JsonObject().put("type", "memory")));
  }

  @AfterEach
  void close() {
    get(backend.close());
  }

  /** Runs the body once; returns the event of the ended run. */
  private JsonObject run(TaskBody body) {
    Promise<JsonObject> ended = Promise.promise();
    vertx
        .eventBus()
        .<JsonObject>consumer(
            TaskManager.eventAddress("a"),
            event -> {
              if (event.body().getString("event").equals("ended")) {
                ended.tryComplete(event.body());
              }
            });
    TaskManager manager = TaskManager.create(vertx, backend).include(router(body));
    get(manager.start());
    JsonObject event = get(ended.future());
    get(manager.close());
    return event;
  }

  private static TaskRouter router(TaskBody body) {
    TaskRouter router = TaskRouter.create();
    router.every(Duration.ofHours(1), "a", body);
    return router;
  }

  @Test
  void bodiesRunOnTheEventLoopUnlessMarked() {
    Promise<String> thread = Promise.promise();
    run(
        run -> {
          thread.complete(Thread.currentThread().getName());
          return Future.succeededFuture();
        });
    assertThat(get(thread.future())).contains("eventloop");
  }

  @Test
  void blockingCodeRunsOnAWorker() {
    Promise<String> thread = Promise.promise();
    JsonObject event =
        run(
            TaskBody.blocking(
                run -> {
                  assertThat(run.isValid()).isTrue();
                  thread.complete(Thread.currentThread().getName());
                  throw new Exception("from a worker");
                }));
    assertThat(get(thread.future())).contains("worker");
    assertThat(event.getString("outcome")).isEqualTo("ERROR");
    assertThat(event.getString("message")).isEqualTo("from a worker");
  }

  @Test
  void blockingCodeThatOutlivesItsTimeoutIsNeverAccompanied() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    TaskRouter router = TaskRouter.create();
    router
        .every(
            Duration.ofMillis(5),
            "a",
            TaskBody.blocking(
                run -> {
                  begun.incrementAndGet();
                  end.await();
                }))
        .withTaskLock()
        .timeout(Duration.ofMillis(20));
    TaskManager manager = TaskManager.create(vertx, backend).include(router);
    get(manager.start());
    eventually(
        "ticks are missed",
        () -> get(manager.list()).get(0).getCounts().getLong("MISSED", 0L) >= 10);
    assertThat(begun).hasValue(1);
    end.countDown();
    eventually("it runs again", () -> begun.get() > 1);
    get(manager.close());
  }

  @Test
  void blockingCodeThatGotNoThreadWhileItsRunLastedDoesNotBegin() {
    Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
    AtomicInteger begun = new AtomicInteger();
    TaskRouter router = TaskRouter.create();
    router
        .every(Duration.ofMillis(5), "a", TaskBody.on(queue::add, run -> begun.incrementAndGet()))
        .timeout(Duration.ofMillis(20));
    TaskManager manager = TaskManager.create(vertx, backend).include(router);
    get(manager.start());
    eventually(
        "ticks are missed",
        () -> get(manager.list()).get(0).getCounts().getLong("MISSED", 0L) >= 3);
    assertThat(queue).hasSize(1);
    queue.remove().run();
    assertThat(begun).hasValue(0);
    eventually("the next run waits for its thread", () -> queue.size() == 1);
    get(manager.close());
  }

  @Test
  void blockingCodeRunsOnAnExecutorOfOnesOwn() {
    ExecutorService executor = Executors.newSingleThreadExecutor(r -> new Thread(r, "my-own"));
    Promise<String> thread = Promise.promise();
    JsonObject event =
        run(TaskBody.on(executor, run -> thread.complete(Thread.currentThread().getName())));
    executor.shutdown();
    assertThat(get(thread.future())).isEqualTo("my-own");
    assertThat(event.getString("outcome")).isEqualTo("SUCCESS");
  }

  @Test
  void virtualThreadsAreUsedWhereTheRuntimeHasThem() {
    if (Runtime.version().feature() < 21) {
      assertThatThrownBy(() -> TaskBody.virtualThread(run -> {}))
          .matches(ErrorCode.INVALID::is)
          .hasMessageContaining("needs Java 21 or later");
      return;
    }
    Set<String> before = vertx.deploymentIDs();
    Promise<String> thread = Promise.promise();
    JsonObject event =
        run(
            TaskBody.virtualThread(
                run -> {
                  run.vertx().timer(5).await();
                  thread.complete(Thread.currentThread().toString());
                }));
    assertThat(get(thread.future())).contains("VirtualThread");
    assertThat(event.getString("outcome")).isEqualTo("SUCCESS");
    assertThat(vertx.deploymentIDs()).isEqualTo(before);
  }
}
