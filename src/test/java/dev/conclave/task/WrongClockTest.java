package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.CapturedLog;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wall clocks that are wrong, and that are set while tasks run. The store's clock is right. */
class WrongClockTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final Sim sim = new Sim("2026-01-01T00:30:00Z");
  private final List<String> runs = new ArrayList<>();
  private final CapturedLog log = CapturedLog.of(TaskManager.class);

  @AfterEach
  void listen() {
    log.close();
  }

  /** A machine whose wall clock is set by the test. */
  private final class Wall implements Scheduler {
    private Duration offset;

    private Wall(Duration offset) {
      this.offset = offset;
    }

    @Override
    public long nanoTime() {
      return sim.time.nanoTime();
    }

    @Override
    public Instant now() {
      return sim.time.now().plus(offset);
    }

    @Override
    public void execute(Runnable action) {
      sim.time.execute(action);
    }

    @Override
    public Timer schedule(long delay, Runnable action) {
      return sim.time.schedule(delay, action);
    }

    @Override
    public boolean isCurrent() {
      return sim.time.isCurrent();
    }
  }

  private TaskRouter hourly() {
    TaskRouter router = TaskRouter.create();
    router.cron("0 * * * *", "a", this::note).oncePerTick();
    return router;
  }

  private Future<?> note(TaskContext run) {
    runs.add(run.fireTime().toString().substring(0, 16));
    return Future.succeededFuture();
  }

  private TaskManager started(Scheduler clock, TaskRouter router) {
    TaskManager manager = sim.manager("worker", clock, router);
    manager.start();
    sim.time.run();
    return manager;
  }

  @ParameterizedTest
  @ValueSource(longs = {6, 90, 2 * 24 * 60, 30L * 366 * 24 * 60})
  void aMachineThatIsAheadDoesNotKeepTheOthersFromRunning(long minutes) {
    TaskManager ahead = started(new Wall(Duration.ofMinutes(minutes)), hourly());
    sim.time.advance(Duration.ofMinutes(29));
    started(new Wall(Duration.ZERO), hourly());
    sim.time.advance(Duration.ofMinutes(181));
    assertThat(runs).contains("2026-01-01T02:00", "2026-01-01T03:00", "2026-01-01T04:00");
    assertThat(runs).doesNotHaveDuplicates().hasSizeBetween(3, 4);
    assertThat(sim.count(ahead, TaskOutcome.SKIPPED_CLOCK)).isPositive();
    assertThat(log.messages()).anyMatch(line -> line.contains("ahead of the store's clock"));
    assertThat(sim.info(ahead).getMarkAhead()).isLessThanOrEqualTo(300_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {6, 90, 2 * 24 * 60, 30L * 366 * 24 * 60})
  void aMachineThatIsBehindRunsNothingTwiceAndSaysWhyItIsSilent(long minutes) {
    TaskManager right = started(new Wall(Duration.ZERO), hourly());
    sim.time.advance(HOUR.multipliedBy(3));
    right.close();
    List<String> before = List.copyOf(runs);
    TaskManager behind = started(new Wall(Duration.ofMinutes(-minutes)), hourly());
    sim.time.advance(Duration.ofMinutes(40));
    if (minutes > 60) {
      sim.time.advance(HOUR);
      assertThat(runs).isEqualTo(before);
      assertThat(sim.count(behind, TaskOutcome.SKIPPED_LOCKED)).isPositive();
      assertThat(log.messages()).anyMatch(line -> line.contains("behind the store's"));
    } else {
      assertThat(runs).hasSize(before.size() + 1).doesNotHaveDuplicates();
    }
  }

  @Test
  void aClockThatIsSetRightWhileTasksRunLeavesNoneWaiting() {
    Wall clock = new Wall(Duration.ofDays(20_000));
    TaskRouter router = hourly();
    router.cron("30 * * * *", "b", this::note);
    started(clock, router);
    sim.time.advance(HOUR.multipliedBy(2));
    runs.clear();
    clock.offset = Duration.ZERO;
    sim.time.advance(HOUR.multipliedBy(2));
    assertThat(runs)
        .containsExactly(
            "2026-01-01T03:00", "2026-01-01T03:30", "2026-01-01T04:00", "2026-01-01T04:30");
    assertThat(log.messages()).anyMatch(line -> line.contains("the wall clock was set back"));
  }

  @Test
  void aClockThatIsSetBackALittleRepeatsNothing() {
    Wall clock = new Wall(Duration.ZERO);
    TaskRouter router = TaskRouter.create();
    router.cron("* * * * *", "b", this::note);
    started(clock, router);
    sim.time.advance(Duration.ofMinutes(10));
    clock.offset = Duration.ofMinutes(-4);
    sim.time.advance(Duration.ofMinutes(10));
    assertThat(runs).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(16);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void clocksThatAreSetAtRandomNeitherRepeatATickNorKeepOneFromTheRightMachine(long seed) {
    Random random = new Random(seed);
    List<Wall> clocks = new ArrayList<>();
    started(new Wall(Duration.ZERO), hourly());
    for (int i = 0; i < 3; i++) {
      Wall clock = new Wall(Duration.ZERO);
      clocks.add(clock);
      started(clock, hourly());
    }
    long[] scales = {10, 200, 7_200, 86_400, 3L * 366 * 86_400};
    for (int step = 0; step < 200; step++) {
      Wall clock = clocks.get(random.nextInt(clocks.size()));
      long scale = scales[random.nextInt(scales.length)];
      clock.offset = Duration.ofSeconds(random.nextLong(-scale, scale + 1));
      sim.time.advance(Duration.ofMinutes(20));
    }
    assertThat(runs).doesNotHaveDuplicates();
    Instant tick = Instant.parse("2026-01-01T01:00:00Z");
    while (!tick.isAfter(sim.time.now())) {
      assertThat(runs).contains(tick.toString().substring(0, 16));
      tick = tick.plus(HOUR);
    }
  }

  @Test
  void aTickThatPassesDuringAPauseMovesNoMarkFarAhead() {
    TaskManager ahead = started(new Wall(Duration.ofDays(2)), hourly());
    ahead.pause("a");
    sim.time.advance(HOUR);
    assertThat(sim.info(ahead).getMark()).isNull();
  }

  @Test
  void aMarkThatLiesFarAheadIsShownAndLoggedAndCanBeSetBack() {
    TaskManager manager = started(new Wall(Duration.ZERO), hourly());
    sim.time.advance(HOUR);
    sim.store.advance("a", Instant.parse("2026-01-03T00:00:00Z").toEpochMilli());
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("2026-01-01T01:00");
    TaskInfo info = sim.info(manager);
    assertThat(info.getMark()).isEqualTo("2026-01-03T00:00:00Z");
    assertThat(info.getMarkAhead()).isEqualTo(Duration.ofMinutes(45 * 60 + 30).toMillis());
    assertThat(log.messages()).anyMatch(line -> line.contains("which lies PT46H ahead"));
    assertThat(manager.reset("a").result()).isTrue();
    assertThat(manager.reset("a").result()).isFalse();
    assertThat(log.messages())
        .anyMatch(line -> line.contains("2026-01-03T00:00:00Z is set back to 2026-01-01T02:30"));
    started(new Wall(Duration.ZERO), hourly());
    assertThat(runs).as("what has passed stays run").containsExactly("2026-01-01T01:00");
    sim.time.advance(HOUR);
    assertThat(runs).containsExactly("2026-01-01T01:00", "2026-01-01T03:00");
  }
}
