package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.Backends;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Locks, elections and tasks inside an application, with one end. */
@ExtendWith(VertxExtension.class)
class ConclaveTest {
  private static final JsonObject MEMORY =
      new JsonObject().put("backend", new JsonObject().put("type", "memory"));

  private Vertx vertx;
  private Conclave conclave;

  @BeforeEach
  void connect(Vertx vertx) {
    this.vertx = vertx;
    conclave = get(Conclave.connect(vertx, MEMORY));
  }

  @AfterEach
  void close() {
    get(conclave.close());
  }

  @Test
  void aLockByNameIsHeldWhileItsBodyRuns() {
    Promise<String> work = Promise.promise();
    Future<String> done = conclave.locks().withLock("order:4711", handle -> work.future());
    LeaseKey key = LeaseKey.lock("order:4711");
    eventually("it is held", () -> get(conclave.backend().find(key)).isPresent());
    LockOptions impatient = new LockOptions().setWaitTimeout(0);
    assertThat(
            failureOf(
                conclave
                    .locks()
                    .withLock("order:4711", impatient, handle -> Future.succeededFuture())))
        .matches(ErrorCode.TIMEOUT::is);
    work.complete("shipped");
    assertThat(get(done)).isEqualTo("shipped");
    assertThat(get(conclave.backend().find(key))).isEmpty();
  }

  @Test
  void aBadNameIsAFailureAndNoException() {
    assertThat(failureOf(conclave.locks().withLock("", handle -> Future.succeededFuture())))
        .matches(ErrorCode.INVALID::is);
  }

  @Test
  void electionsStartAtTheFirstUseAndAreSharedByName() {
    LeaderElection reports = conclave.election("reports");
    get(reports.awaitLeadership());
    assertThat(conclave.election("reports")).isSameAs(reports);
    assertThatThrownBy(
            () -> conclave.election(new LeaderElectionOptions("reports").setWorker("another")))
        .isInstanceOfSatisfying(
            RuntimeException.class, refused -> assertThat(refused).matches(ErrorCode.INVALID::is))
        .hasMessageContaining("election 'reports' runs with other options");
  }

  @Test
  void handlersThatPrepareAddsMissNothing() {
    List<LeadershipEvent> events = new CopyOnWriteArrayList<>();
    LeaderElectionOptions options = new LeaderElectionOptions("reports");
    LeaderElection election =
        conclave.election(options, prepared -> prepared.onChange(events::add));
    get(election.awaitLeadership());
    eventually("elected", () -> !events.isEmpty());
    assertThat(events.get(0).isLeading()).isTrue();
    assertThatThrownBy(() -> conclave.election(options, prepared -> {}))
        .hasMessageContaining("election 'reports' runs here already");
  }

  @Test
  void aPreparationThatThrowsLeavesNoElection() {
    LeaderElectionOptions options = new LeaderElectionOptions("reports");
    assertThatThrownBy(
            () ->
                conclave.election(
                    options,
                    prepared -> {
                      throw new IllegalStateException("a bug");
                    }))
        .hasMessage("a bug");
    get(conclave.election(options).awaitLeadership());
  }

  @Test
  void tasksRunUntilItIsClosed() {
    AtomicInteger runs = new AtomicInteger();
    TaskRouter router = TaskRouter.create();
    router
        .every(
            Duration.ofMillis(10),
            "count",
            run -> {
              runs.incrementAndGet();
              return Future.succeededFuture();
            })
        .withLock(conclave.locks().lock("counter"));
    TaskManager manager = conclave.tasks(router);
    eventually("it runs", () -> runs.get() > 2);
    get(conclave.close());
    assertThat(manager.state()).isEqualTo(TaskManager.State.STOPPED);
    int end = runs.get();
    get(vertx.timer(50));
    assertThat(runs).hasValue(end);
  }

  @Test
  void closingEndsEverythingAndHandsOver() {
    get(conclave.election("reports").awaitLeadership());
    LockHandle held = get(conclave.locks().lock("held").acquire());
    Future<LockHandle> waiting = conclave.locks().lock("held").acquire();
    get(conclave.close());
    assertThat(get(conclave.close())).isNull();
    assertThat(failureOf(waiting)).matches(ErrorCode.CLOSED::is);
    SyncBackend after = get(Backends.connect(vertx, MEMORY.getJsonObject("backend")));
    assertThat(get(after.find(LeaseKey.leader("reports")))).isEmpty();
    get(after.close());
    for (Runnable use :
        List.<Runnable>of(
            () -> conclave.locks(), () -> conclave.election("x"), () -> conclave.tasks())) {
      assertThatThrownBy(use::run).matches(ErrorCode.CLOSED::is);
    }
    assertThat(held.isValid()).as("a held lock lives until its expiry").isTrue();
  }

  @Test
  void aBackendOfTheCallersOwnStaysOpen() {
    SyncBackend own = get(Backends.connect(vertx, MEMORY.getJsonObject("backend")));
    Conclave over = Conclave.create(vertx, own, new LockServiceOptions());
    get(over.locks().withLock("door", handle -> Future.succeededFuture()));
    get(over.close());
    get(own.ping());
    get(own.close());
  }

  @Test
  void environmentVariablesAreExpanded() {
    JsonObject config =
        MEMORY
            .copy()
            .put("startTimeout", "${CONCLAVE_NO_SUCH_VARIABLE:10}")
            .put("locks", new JsonObject().put("maxWait", "${CONCLAVE_NO_SUCH_VARIABLE:1000}"));
    Conclave expanded = get(Conclave.connect(vertx, config));
    LockOptions patient = new LockOptions().setWaitTimeout(1_001);
    assertThat(failureOf(expanded.locks().lock("door", patient).acquire()))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("1000");
    get(expanded.close());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                 | backend is missing
          {"backend": {"type": "memory"}, "elections": []}   | elections is not a known key
          {"backend": {"type": "memory"}, "locks": {"maxWait": 0}} | locks.maxWait is 0
          {"backend": {"type": "none"}}                      | backend.type 'none' is unknown
          {"backend": {"type": "memory"}, "startTimeout": -1} | startTimeout is -1
          """)
  void aBadConfigurationIsRefusedByName(String config, String message) {
    assertThat(failureOf(Conclave.connect(vertx, new JsonObject(config))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining(message);
  }
}
