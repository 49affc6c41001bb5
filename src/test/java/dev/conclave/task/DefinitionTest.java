package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Definitions: names, and definitions that are refused. */
class DefinitionTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Supplier<Future<?>> NOTHING = Future::succeededFuture;

  private final TaskRouter router = TaskRouter.create("reports");

  private static void refused(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call).matches(ErrorCode.INVALID::is).hasMessageContainingAll(parts);
  }

  @Test
  void namesCarryThePrefixesOfTheirRouters() {
    TaskRouter inner = TaskRouter.create("daily");
    TaskDefinition task = inner.every(MINUTE, "a", NOTHING);
    TaskRouter plain = TaskRouter.create();
    plain.include(router.include(inner));
    assertThat(task.name()).isEqualTo("reports.daily.a");
    inner.cron("0 2 * * *", "b", NOTHING);
    assertThat(plain.tasks())
        .extracting(TaskDefinition::name)
        .containsExactly("reports.daily.a", "reports.daily.b");
  }

  @Test
  void aNameIsGivenOnceInAllRoutersOfAManager() {
    router.every(MINUTE, "a", NOTHING);
    refused(() -> router.every(MINUTE, "a", NOTHING), "task 'reports.a' is defined already");
    TaskRouter root = TaskRouter.create().include(router);
    refused(() -> root.every(MINUTE, "reports.a", NOTHING), "reports.a");
    root.every(MINUTE, "reports.b", NOTHING);
    refused(() -> router.every(MINUTE, "b", NOTHING), "reports.b");
    TaskRouter same = TaskRouter.create("reports");
    same.every(MINUTE, "a", NOTHING);
    refused(() -> root.include(same), "task 'reports.a' is defined already");
    refused(() -> TaskRouter.create().include(router), "included already");
    refused(() -> router.include(root), "cannot include itself");
    refused(() -> router.every(MINUTE, "", NOTHING), "name is empty");
    refused(() -> router.every(MINUTE, "x".repeat(195), NOTHING), "characters, must have at most");
  }

  @Test
  void badDurationsAreRefused() {
    refused(() -> router.every(Duration.ZERO, "a", NOTHING), "interval PT0S must be from 1 ms");
    refused(() -> router.atFixedRate(MINUTE.negated(), "a", NOTHING), "period PT-1M");
    TaskDefinition task = router.every(MINUTE, "a", NOTHING);
    refused(() -> task.initialDelay(MINUTE.negated()), "initialDelay PT-1M");
    refused(() -> task.jitter(MINUTE.negated()), "jitter PT-1M");
    refused(() -> task.jitter(MINUTE), "jitter PT1M must be less than the interval PT1M");
    refused(() -> task.timeout(Duration.ZERO), "timeout PT0S");
    refused(() -> task.minHold(MINUTE.negated()), "minHold PT-1M");
    refused(() -> task.withTaskLock(Duration.ZERO), "duration PT0S");
    refused(() -> task.retry(-1, MINUTE), "retry -1");
    refused(() -> task.retry(1, MINUTE.negated()), "backoff PT-1M");
    refused(() -> task.misfireGrace(MINUTE), "misfireGrace PT1M needs ticks");
  }

  @Test
  void minHoldIsNotLongerThanTheLeaseInWhateverOrderTheyAreWritten() {
    refused(
        () -> router.every(MINUTE, "a", NOTHING).withTaskLock(MINUTE).minHold(MINUTE.plusMillis(1)),
        "task 'reports.a'",
        "minHold PT1M0.001S must not be more than the lease PT1M");
    refused(
        () ->
            router.every(MINUTE, "b", NOTHING).minHold(MINUTE).withTaskLock(Duration.ofSeconds(5)),
        "minHold PT1M must not be more than the lease PT5S");
    TaskDefinition task = router.every(MINUTE, "c", NOTHING).minHold(Duration.ofMinutes(4));
    assertThat(task.lease()).isEqualTo(Duration.ofMinutes(4));
  }

  @Test
  void calendarAndIntervalAreNotMixed() {
    refused(() -> router.every(MINUTE, "a", NOTHING).zone("Europe/Zurich"), "needs a cron");
    TaskDefinition cron = router.cron("0 2 * * *", "b", NOTHING);
    refused(() -> cron.initialDelay(MINUTE), "needs an interval");
    refused(() -> cron.misfireGrace(Duration.ofMillis(999)), "must be at least PT1S");
    refused(() -> cron.zone("Europe/Bern"), "zone 'Europe/Bern' is unknown");
    refused(() -> router.cron("0 25 * * *", "c", NOTHING), "cron '0 25 * * *' is refused", "25");
    assertThat(cron.zone("Asia/Tokyo").timing().toString()).isEqualTo("cron 0 2 * * * Asia/Tokyo");
  }

  @Test
  void nothingChangesAfterTheStart() {
    Sim sim = new Sim("2026-01-01T00:00:00Z");
    TaskDefinition task = router.cron("0 2 * * *", "a", NOTHING);
    TaskManager manager = sim.started(router);
    refused(task::oncePerTick, "manager has started");
    refused(() -> router.every(MINUTE, "b", NOTHING), "manager has started");
    refused(() -> manager.include(TaskRouter.create()), "manager has started");
    assertThat(manager.state()).isEqualTo(TaskManager.State.RUNNING);
    assertThat(manager.preview("reports.a", 2).result())
        .containsExactly(
            Instant.parse("2026-01-01T02:00:00Z"), Instant.parse("2026-01-02T02:00:00Z"));
    assertThat(sim.info(manager).getNextFire()).isEqualTo("2026-01-01T02:00:00Z");
    assertThat(manager.trigger("unknown").cause()).matches(ErrorCode.INVALID::is);
    manager.close();
    assertThat(manager.trigger("reports.a").cause()).matches(ErrorCode.CLOSED::is);
    assertThat(manager.start().cause()).matches(ErrorCode.CLOSED::is);
  }

  @Test
  void badOptionsAreRefused() {
    TaskManagerOptions options = new TaskManagerOptions();
    assertThat(new TaskManagerOptions(options.toJson()).toJson()).isEqualTo(options.toJson());
    refused(() -> new TaskManagerOptions().setShutdownTimeout(-1).validate(), "shutdownTimeout -1");
    refused(() -> new TaskManagerOptions().setErrorInterval(0).validate(), "errorInterval 0");
    refused(() -> new TaskManagerOptions().setPublish("far").validate(), "publish 'far'");
    refused(() -> new TaskManagerOptions().setAddress("").validate(), "address is empty");
  }

  @Test
  void eventsTellOfEveryRun() {
    Sim sim = new Sim("2026-01-01T00:00:00Z");
    router.every(MINUTE, "a", run -> Future.failedFuture("no luck"));
    sim.started(router);
    JsonObject started = sim.events.get(0);
    assertThat(started.getString("address")).isEqualTo("conclave.task.reports.a");
    assertThat(started.getString("event")).isEqualTo("started");
    JsonObject ended = sim.events.get(1);
    assertThat(ended.getString("event")).isEqualTo("ended");
    assertThat(ended.getString("outcome")).isEqualTo("ERROR");
    assertThat(ended.getString("message")).isEqualTo("no luck");
    assertThat(ended.getString("worker")).isEqualTo("worker");
    assertThat(ended.getLong("duration")).isZero();
    assertThat(Instant.parse(ended.getString("fireTime"))).isEqualTo("2026-01-01T00:00:00Z");
  }
}
