package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When tasks run, by a simulated clock. */
class ScheduleTest {
  private final Sim sim = new Sim("2026-01-01T00:00:00Z");
  private final TaskRouter router = TaskRouter.create();
  private final List<String> runs = new ArrayList<>();

  private Future<?> note(TaskContext run) {
    runs.add(run.fireTime().toString().substring(11, 19));
    return Future.succeededFuture();
  }

  private TaskBody taking(Duration duration) {
    return run -> note(run).compose(noted -> sim.takes(duration));
  }

  @Test
  void everyRestsFromEndToStart() {
    router
        .every(Duration.ofSeconds(30), "a", taking(Duration.ofSeconds(10)))
        .initialDelay(Duration.ofSeconds(5));
    sim.started(router);
    sim.time.advance(Duration.ofSeconds(100));
    assertThat(runs).containsExactly("00:00:05", "00:00:45", "00:01:25");
  }

  @Test
  void fixedRateKeepsItsRateAndPilesNothingUp() {
    List<Duration> lengths =
        new ArrayList<>(List.of(Duration.ofSeconds(3), Duration.ofSeconds(35), Duration.ZERO));
    router.atFixedRate(
        Duration.ofSeconds(10),
        "a",
        run ->
            note(run)
                .compose(n -> sim.takes(lengths.isEmpty() ? Duration.ZERO : lengths.remove(0))));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(65));
    assertThat(runs).containsExactly("00:00:00", "00:00:10", "00:00:50", "00:01:00");
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isEqualTo(3);
    assertThat(sim.count(manager, TaskOutcome.SUCCESS)).isEqualTo(4);
  }

  @Test
  void aBlockedThreadRunsOnceForAllThatPassed() {
    router.atFixedRate(Duration.ofSeconds(10), "rate", this::note);
    router.cron("* * * * *", "cron", this::note);
    sim.started(router);
    sim.time.advance(Duration.ofSeconds(1));
    runs.clear();
    sim.time.block(Duration.ofSeconds(604));
    sim.time.run();
    assertThat(runs).containsExactlyInAnyOrder("00:10:00", "00:10:00");
  }

  @Test
  void aCronTaskGivesUpWhatPassesDuringItsRun() {
    router.cron("*/10 * * * *", "a", taking(Duration.ofMinutes(25)));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofMinutes(45));
    assertThat(runs).containsExactly("00:10:00", "00:40:00");
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isEqualTo(1);
  }

  @Test
  void ticksOlderThanTheGraceAreMissed() {
    router.cron("0 * * * *", "a", this::note).misfireGrace(Duration.ofMinutes(5));
    TaskManager manager = sim.started(router);
    sim.time.block(Duration.ofMinutes(66));
    sim.time.run();
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("MISSED");
    sim.time.advance(Duration.ofMinutes(53));
    sim.time.block(Duration.ofMinutes(4));
    sim.time.run();
    assertThat(runs).containsExactly("02:00:00");
  }

  @Test
  void jitterDelaysWithinItsBoundAndKeepsTheFireTime() {
    List<Long> late = new ArrayList<>();
    router
        .cron(
            "0 * * * *",
            "a",
            run -> {
              late.add(Duration.between(run.fireTime(), sim.time.now()).toSeconds());
              assertThat(run.fireTime().getEpochSecond() % 3600).isZero();
              return Future.succeededFuture();
            })
        .jitter(Duration.ofMinutes(10));
    sim.started(router);
    sim.time.advance(Duration.ofHours(200));
    assertThat(late).hasSizeBetween(199, 200).allMatch(s -> s >= 0 && s <= 600);
    assertThat(late.stream().distinct().count()).isGreaterThan(20);
  }

  @Test
  void errorsOfEveryKindNeverStopTheSchedule() {
    router.every(
        Duration.ofSeconds(1),
        "a",
        run -> {
          runs.add("x");
          switch (runs.size() % 4) {
            case 0:
              throw new IllegalStateException("thrown");
            case 1:
              return Future.failedFuture("failed");
            case 2:
              throw new StackOverflowError("an error");
            default:
              return null;
          }
        });
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(99));
    assertThat(runs).hasSize(100);
    assertThat(sim.count(manager, TaskOutcome.ERROR)).isEqualTo(75);
    assertThat(sim.count(manager, TaskOutcome.SUCCESS)).isEqualTo(25);
    assertThat(sim.info(manager).getLastError()).isEqualTo("thrown");
  }

  @Test
  void aRunThatHangsTimesOutAndTheNextComesWhenItsBodyHasEnded() {
    List<TaskContext> contexts = new ArrayList<>();
    Promise<Void> body = Promise.promise();
    List<String> lost = new ArrayList<>();
    router
        .every(
            Duration.ofSeconds(10),
            "a",
            run -> {
              contexts.add(run);
              run.onLost(() -> lost.add("lost " + run.isValid()));
              return body.future();
            })
        .timeout(Duration.ofSeconds(20));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(19));
    assertThat(contexts.get(0).isValid()).isTrue();
    assertThat(sim.info(manager).getRunningSince()).isEqualTo("2026-01-01T00:00:00Z");
    sim.time.advance(Duration.ofSeconds(1));
    assertThat(contexts.get(0).isValid()).isFalse();
    assertThat(lost).containsExactly("lost false");
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("TIMEOUT");
    assertThat(sim.info(manager).getLastDuration()).isEqualTo(20_000);
    sim.time.advance(Duration.ofSeconds(25));
    assertThat(contexts).hasSize(1);
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isEqualTo(2);
    assertThat(sim.info(manager).isRunning()).as("the body lives").isTrue();
    assertThat(manager.trigger("a").result().isRunning()).isTrue();
    assertThat(contexts).as("nor does a trigger begin a second one").hasSize(1);
    body.complete();
    assertThat(sim.info(manager).isRunning()).isFalse();
    sim.time.advance(Duration.ofSeconds(10));
    assertThat(contexts).hasSize(2);
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isEqualTo(2);
  }

  @Test
  void aBodyThatOutlivesItsRunIsNeverAccompanied() {
    int[] alive = new int[2];
    TaskBody slow =
        run -> {
          alive[1] = Math.max(alive[1], ++alive[0]);
          runs.add("x");
          return sim.takes(Duration.ofSeconds(60)).onComplete(over -> alive[0]--);
        };
    router.every(Duration.ofMillis(50), "a", slow).withTaskLock().timeout(Duration.ofMillis(100));
    router.atFixedRate(Duration.ofMillis(50), "b", slow).timeout(Duration.ofMillis(100));
    router.cron("* * * * * *", "c", slow).timeout(Duration.ofMillis(100));
    router.cron("* * * * * *", "d", slow).oncePerTick().timeout(Duration.ofMillis(100));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(302));
    assertThat(alive[1]).isEqualTo(4);
    assertThat(runs).hasSizeBetween(20, 24);
    manager
        .list()
        .result()
        .forEach(
            info -> assertThat(info.getCounts().getLong("MISSED")).isGreaterThanOrEqualTo(250));
  }

  @Test
  void aTickDuringABodyThatOutlivedItsRunIsLeftToOthersAndTriedWhenItHasEnded() {
    Promise<Void> body = Promise.promise();
    router
        .cron("0 * * * *", "a", run -> note(run).compose(noted -> body.future()))
        .oncePerTick()
        .timeout(Duration.ofMinutes(10));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofMinutes(121));
    assertThat(runs).containsExactly("01:00:00");
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isEqualTo(1);
    body.complete();
    assertThat(runs).containsExactly("01:00:00", "02:00:00");
  }

  @Test
  void jitterDoesNotCountAsDelay() {
    router
        .cron("0 * * * *", "a", this::note)
        .jitter(Duration.ofMinutes(10))
        .misfireGrace(Duration.ofSeconds(1));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofHours(200));
    assertThat(sim.count(manager, TaskOutcome.SUCCESS)).isGreaterThanOrEqualTo(199);
    assertThat(sim.count(manager, TaskOutcome.MISSED)).isZero();
  }

  @Test
  void aFailingBodyIsTriedAgainWithGrowingPauses() {
    List<String> tries = new ArrayList<>();
    router
        .every(
            Duration.ofHours(1),
            "a",
            run -> {
              tries.add(run.attempt() + "@" + sim.time.now().getEpochSecond() % 3600);
              return tries.size() < 4 ? Future.failedFuture("no") : Future.succeededFuture();
            })
        .retry(3, Duration.ofSeconds(1));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofMinutes(1));
    assertThat(tries).containsExactly("1@0", "2@1", "3@3", "4@7");
    assertThat(sim.count(manager, TaskOutcome.SUCCESS)).isEqualTo(1);
    assertThat(sim.count(manager, TaskOutcome.ERROR)).isZero();
  }

  @Test
  void thousandsOfHoursOverChangesOfTheClocks() {
    List<Instant> zurich = new ArrayList<>();
    List<Instant> howe = new ArrayList<>();
    router.cron("30 2 * * *", "zurich", run -> add(zurich, run)).zone("Europe/Zurich");
    router.cron("45 1 * * *", "howe", run -> add(howe, run)).zone("Australia/Lord_Howe");
    sim.started(router);
    sim.time.advance(Duration.ofDays(730));
    assertThat(zurich).hasSize(730).doesNotHaveDuplicates();
    assertThat(howe).hasSize(730).doesNotHaveDuplicates();
  }

  private static Future<?> add(List<Instant> list, TaskContext run) {
    list.add(run.fireTime());
    return Future.succeededFuture();
  }
}
