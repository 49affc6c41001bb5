package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.task.guard.TaskKeys;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At most one run per tick in the whole cluster, by simulated clocks. */
class OncePerTickTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final Sim sim = new Sim("2026-01-01T00:30:00Z");
  private final List<String> runs = new ArrayList<>();

  private Future<?> note(TaskContext run) {
    runs.add(run.fireTime().toString().substring(11, 16));
    return Future.succeededFuture();
  }

  private TaskRouter hourly() {
    TaskRouter router = TaskRouter.create();
    router.cron("0 * * * *", "a", this::note).oncePerTick();
    return router;
  }

  @Test
  void ticksBeforeTheTaskWasKnownAreNotMadeUpFor() {
    sim.started(hourly());
    sim.started(hourly());
    assertThat(runs).isEmpty();
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("01:00");
  }

  @Test
  void ticksOfAScheduleThatWasNotInForceAreNotMadeUpFor() {
    TaskManager first = sim.started(hourly());
    sim.time.advance(HOUR.multipliedBy(3));
    first.close();
    runs.clear();
    TaskRouter changed = TaskRouter.create();
    changed.cron("15 * * * *", "a", this::note).oncePerTick();
    TaskManager second = sim.started(changed);
    assertThat(runs).isEmpty();
    sim.time.advance(Duration.ofMinutes(10));
    second.close();
    sim.time.advance(HOUR);
    TaskRouter again = TaskRouter.create();
    again.cron("15 * * * *", "a", this::note).oncePerTick();
    TaskManager third = sim.started(again);
    assertThat(runs).as("it was in force now").containsExactly("04:15");
    third.close();
    sim.started(hourly());
    assertThat(runs).as("it was not in force any more").containsExactly("04:15");
  }

  @Test
  void ofTheTicksThatPassedWithoutAManagerTheLastOneRunsOnce() {
    TaskManager first = sim.started(hourly());
    sim.time.advance(HOUR);
    first.close();
    sim.time.advance(HOUR.multipliedBy(10));
    sim.started(hourly());
    sim.started(hourly());
    assertThat(runs).containsExactly("01:00", "11:00");
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("01:00", "11:00", "12:00");
  }

  @Test
  void aTickOlderThanTheGraceIsNotMadeUpFor() {
    TaskManager first = sim.started(hourly());
    first.close();
    sim.time.advance(HOUR);
    TaskRouter strict = TaskRouter.create();
    strict.cron("0 * * * *", "a", this::note).oncePerTick().misfireGrace(Duration.ofMinutes(29));
    TaskManager second = sim.started(strict);
    assertThat(runs).isEmpty();
    assertThat(sim.count(second, TaskOutcome.MISSED)).isEqualTo(1);
    second.close();
    TaskRouter mild = TaskRouter.create();
    mild.cron("0 * * * *", "a", this::note).oncePerTick().misfireGrace(Duration.ofMinutes(31));
    sim.started(mild);
    assertThat(runs).containsExactly("01:00");
  }

  @Test
  void aTickDuringAnOutageRunsOnceWhenTheBackendIsBack() {
    TaskManager one = sim.started(hourly());
    sim.started(hourly());
    sim.store.away = true;
    sim.time.advance(HOUR.multipliedBy(3));
    assertThat(runs).isEmpty();
    assertThat(sim.info(one).getLastOutcome()).isEqualTo("BACKEND_ERROR");
    assertThat(sim.count(one, TaskOutcome.BACKEND_ERROR)).as("one per tick").isEqualTo(3);
    sim.store.away = false;
    sim.time.advance(Duration.ofSeconds(31));
    assertThat(runs).containsExactly("03:00");
  }

  @Test
  void anOutageIsALinePerIntervalForAllTasksTogether() {
    TaskRouter router = TaskRouter.create();
    for (int i = 0; i < 5; i++) {
      router.every(Duration.ofSeconds(1), "locked-" + i, this::note).withTaskLock();
      router.every(Duration.ofSeconds(1), "free-" + i, this::note);
    }
    try (CapturedLog log = CapturedLog.of(TaskManager.class)) {
      sim.started(router);
      sim.store.away = true;
      runs.clear();
      sim.time.advance(Duration.ofSeconds(100));
      assertThat(log.messages()).hasSize(4).allMatch(line -> line.contains("the backend fails"));
      assertThat(runs).as("tasks that need no backend go on").hasSize(500);
    }
  }

  @Test
  void aLeaderThatIsElectedLateRunsTheTickThatWasNotRun() {
    List<Sim.Term> terms = List.of(new Sim.Term(), new Sim.Term());
    for (Sim.Term term : terms) {
      TaskRouter router = TaskRouter.create();
      router.cron("0 * * * *", "a", this::note).oncePerTick().whileLeading(term);
      sim.started(router);
    }
    sim.time.advance(Duration.ofMinutes(45));
    assertThat(runs).isEmpty();
    terms.get(0).elect();
    sim.time.run();
    assertThat(runs).containsExactly("01:00");
    terms.get(0).depose();
    terms.get(1).elect();
    sim.time.run();
    assertThat(runs).containsExactly("01:00");
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("01:00", "02:00");
  }

  @Test
  void aRunOverSeveralTicksIsFollowedByTheLastOfThem() {
    TaskRouter router = TaskRouter.create();
    router
        .cron("*/10 * * * *", "a", run -> note(run).compose(n -> sim.takes(Duration.ofMinutes(25))))
        .oncePerTick();
    sim.started(router);
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("00:40", "01:00", "01:30");
  }

  @Test
  void aFixedRateFiresOnTheSameGridEverywhere() {
    for (int i = 0; i < 3; i++) {
      TaskRouter router = TaskRouter.create();
      router.atFixedRate(Duration.ofMinutes(15), "a", this::note).oncePerTick();
      sim.started(router);
      sim.time.advance(Duration.ofMinutes(1));
    }
    sim.time.advance(Duration.ofMinutes(31));
    assertThat(runs).containsExactly("00:45", "01:00");
  }

  @Test
  void everyClaimsTheSlotItRunsIn() {
    for (int i = 0; i < 3; i++) {
      TaskRouter router = TaskRouter.create();
      router.every(Duration.ofMinutes(10), "a", this::note).oncePerTick();
      sim.started(router);
      sim.time.advance(Duration.ofMinutes(1));
    }
    sim.time.advance(Duration.ofMinutes(26));
    assertThat(runs).containsExactly("00:30", "00:40", "00:50");
  }

  @Test
  void aPausedTickIsDroppedForGood() {
    TaskManager one = sim.started(hourly());
    TaskManager two = sim.started(hourly());
    assertThat(one.pause("a").result()).isTrue();
    assertThat(two.pause("a").result()).isFalse();
    sim.time.advance(HOUR);
    assertThat(runs).isEmpty();
    assertThat(sim.info(two).isPaused()).isTrue();
    assertThat(two.trigger("a").result().getCounts().getLong("SUCCESS")).isEqualTo(1);
    assertThat(two.resume("a").result()).isTrue();
    assertThat(one.resume("a").result()).isFalse();
    runs.clear();
    sim.started(hourly());
    assertThat(runs).isEmpty();
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("02:00");
  }

  @Test
  void aStoppedManagerClaimsNothing() {
    TaskManager one = sim.started(hourly());
    Future<Void> stopped = one.close();
    sim.time.advance(HOUR);
    assertThat(stopped.succeeded()).isTrue();
    assertThat(runs).isEmpty();
    assertThat(sim.time.pending()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void managersComeAndGoWithClocksThatDisagree(long seed) {
    Random random = new Random(seed);
    List<Instant> ran = new ArrayList<>();
    List<TaskManager> up = new ArrayList<>();
    for (int minute = 0; minute < 5_000; minute++) {
      if (up.isEmpty() || up.size() < 5 && random.nextInt(7) == 0) {
        TaskRouter router = TaskRouter.create();
        router
            .cron(
                "*/5 * * * *",
                "a",
                run -> {
                  ran.add(run.fireTime());
                  return random.nextInt(3) > 0
                      ? Future.succeededFuture()
                      : sim.takes(Duration.ofSeconds(random.nextInt(100)));
                })
            .oncePerTick();
        Duration offset = Duration.ofSeconds(random.nextInt(121) - 60);
        TaskManager manager = sim.manager("w" + minute, offset, router);
        manager.start();
        up.add(manager);
      } else if (up.size() > 1 && random.nextInt(7) == 0) {
        up.remove(random.nextInt(up.size())).close();
      }
      sim.time.advance(Duration.ofSeconds(30 + random.nextInt(60)));
    }
    assertThat(ran).doesNotHaveDuplicates().hasSizeGreaterThan(950);
    for (int i = 1; i < ran.size(); i++) {
      assertThat(Duration.between(ran.get(i - 1), ran.get(i))).hasMinutes(5);
    }
  }

  @Test
  void stopWaitsForRunsAndRenewsWhatTheyHold() {
    TaskRouter router = TaskRouter.create();
    Promise<Void> body = Promise.promise();
    List<TaskContext> contexts = new ArrayList<>();
    router
        .every(
            HOUR,
            "a",
            run -> {
              contexts.add(run);
              return body.future();
            })
        .withTaskLock(Duration.ofSeconds(10));
    TaskManager manager = sim.started(router);
    Future<Void> stopped = manager.close();
    sim.time.advance(Duration.ofSeconds(29));
    assertThat(stopped.isComplete()).isFalse();
    assertThat(contexts.get(0).isValid()).isTrue();
    assertThat(manager.state()).isEqualTo(TaskManager.State.STOPPING);
    sim.time.advance(Duration.ofSeconds(1));
    assertThat(stopped.succeeded()).isTrue();
    assertThat(contexts.get(0).isValid()).isFalse();
    assertThat(sim.store.find(TaskKeys.run("a")).result()).isEmpty();
    assertThat(sim.events.get(sim.events.size() - 1).getString("outcome")).isEqualTo("LOST");
    assertThat(sim.time.pending()).isZero();
  }
}
