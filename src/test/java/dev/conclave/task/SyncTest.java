package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.task.guard.TaskKeys;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What runs must hold, on a simulated clock. */
class SyncTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final Sim sim = new Sim("2026-01-01T00:00:00Z");
  private final TaskRouter router = TaskRouter.create();
  private final List<TaskContext> runs = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private TaskBody body(Duration duration) {
    return run -> {
      runs.add(run);
      run.onLost(() -> notes.add("lost"));
      return sim.takes(duration);
    };
  }

  private List<String> leases() {
    return sim.store.list(LeaseKey.Kind.TASK, "run:", null, 10).result().leases().stream()
        .map(lease -> lease.key().name() + " " + lease.remaining().toSeconds())
        .toList();
  }

  @Test
  void aFollowerAsksTheBackendForNothing() {
    router
        .every(Duration.ofSeconds(1), "a", body(Duration.ZERO))
        .whileLeading(new Sim.Term())
        .withTaskLock()
        .oncePerTick();
    TaskManager manager = sim.started(router);
    sim.time.advance(HOUR);
    assertThat(runs).isEmpty();
    assertThat(sim.store.calls).isZero();
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("SKIPPED_NOT_LEADER");
  }

  @Test
  void theLeaderRunsAndLosesItsPermissionWithItsTerm() {
    Sim.Term term = new Sim.Term();
    router.every(HOUR, "a", body(Duration.ofMinutes(10))).whileLeading(term);
    TaskManager manager = sim.manager(router);
    term.elect();
    manager.start();
    sim.time.advance(Duration.ofMinutes(5));
    assertThat(runs.get(0).isValid()).isTrue();
    assertThat(runs.get(0).fencingToken()).isEqualTo(1);
    assertThat(term.runs.get(0).isComplete()).isFalse();
    term.depose();
    term.elect(); // a new term is not the old one
    assertThat(runs.get(0).isValid()).isFalse();
    sim.time.run();
    assertThat(notes).containsExactly("lost");
    assertThat(sim.info(manager).isRunning()).isTrue();
    sim.time.advance(Duration.ofMinutes(5));
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("LOST");
    assertThat(term.runs.get(0).isComplete()).isTrue();
  }

  @Test
  void runsLeaveNothingBehindInTheElection() {
    Sim.Term term = new Sim.Term();
    router.every(Duration.ofSeconds(1), "a", body(Duration.ZERO)).whileLeading(term);
    router.cron("* * * * *", "b", body(Duration.ZERO)).whileLeading(term).oncePerTick();
    TaskManager manager = sim.manager(router);
    term.elect();
    manager.start();
    sim.time.advance(HOUR);
    assertThat(runs).hasSizeGreaterThan(3_600);
    assertThat(term.lost).isEmpty();
    assertThat(term.gained).isEmpty();
    term.depose();
    sim.time.advance(HOUR);
    assertThat(term.gained).as("an open tick waits for the next term, once").hasSize(1);
    manager.close();
    assertThat(term.gained).isEmpty();
  }

  @Test
  void aRunLongerThanItsLeaseKeepsTheLock() {
    router.every(HOUR, "a", body(Duration.ofMinutes(30))).withTaskLock(Duration.ofSeconds(10));
    TaskManager one = sim.started(router);
    TaskRouter other = TaskRouter.create();
    other.every(Duration.ofSeconds(7), "a", body(Duration.ZERO)).withTaskLock();
    TaskManager two = sim.started(other);
    sim.time.advance(Duration.ofMinutes(29));
    assertThat(runs).hasSize(1);
    assertThat(sim.count(two, TaskOutcome.SKIPPED_LOCKED)).isGreaterThan(200);
    sim.time.advance(Duration.ofMinutes(1));
    assertThat(sim.info(one).getLastOutcome()).isEqualTo("SUCCESS");
    sim.time.advance(Duration.ofMinutes(1));
    assertThat(runs.size()).isGreaterThan(5);
    assertThat(runs.get(1).fencingToken()).isGreaterThan(runs.get(0).fencingToken());
  }

  @Test
  void minHoldKeepsTheLockAfterAQuickRunAndEvenAfterTheStop() {
    router.every(HOUR, "a", body(Duration.ofSeconds(1))).minHold(Duration.ofMinutes(4));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(10));
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("SUCCESS");
    assertThat(leases()).containsExactly("run:a 230");
    Future<Void> stopped = manager.close();
    sim.time.run();
    assertThat(stopped.succeeded()).isTrue();
    assertThat(leases()).containsExactly("run:a 230");
    sim.time.advance(Duration.ofSeconds(231));
    assertThat(leases()).isEmpty();
  }

  @Test
  void aLongRunWithMinHoldReleasesAtItsEnd() {
    router.every(HOUR, "a", body(Duration.ofMinutes(5))).minHold(Duration.ofMinutes(4));
    sim.started(router);
    sim.time.advance(Duration.ofMinutes(5).plusSeconds(1));
    assertThat(leases()).isEmpty();
  }

  @Test
  void losingTheLeaseInTheMiddleEndsThePermission() {
    router.every(HOUR, "a", body(Duration.ofMinutes(30))).withTaskLock();
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofMinutes(5));
    sim.store.revoke(TaskKeys.run("a"));
    sim.time.advance(Duration.ofMinutes(1));
    assertThat(notes).containsExactly("lost");
    assertThat(runs.get(0).isValid()).isFalse();
    assertThat(sim.info(manager).isRunning()).isTrue();
    sim.time.advance(Duration.ofMinutes(30));
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("LOST");
  }

  @Test
  void validityEndsOnABlockedThreadBeforeAnyTimerRuns() {
    router.every(HOUR, "a", body(Duration.ofMinutes(30))).withTaskLock();
    sim.started(router);
    sim.time.block(Duration.ofMinutes(2));
    assertThat(runs.get(0).isValid()).isFalse();
  }

  @Test
  void cancelOnLostEndsTheRunAtOnce() {
    router.every(HOUR, "a", body(HOUR)).withTaskLock().cancelOnLost().retry(3, Duration.ZERO);
    TaskManager manager = sim.started(router);
    sim.store.away = true;
    sim.time.advance(Duration.ofSeconds(61));
    sim.store.away = false;
    assertThat(notes).containsExactly("lost");
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("LOST");
    assertThat(sim.info(manager).isRunning()).as("its body lives").isTrue();
    sim.time.advance(Duration.ofMinutes(59));
    assertThat(sim.info(manager).isRunning()).isFalse();
  }

  @Test
  void everythingIsTakenInOrderAndReleasedInReverse() {
    Sim.Term term = new Sim.Term();
    term.elect();
    router
        .cron("0 * * * *", "a", body(Duration.ofSeconds(1)))
        .oncePerTick()
        .withLock(new Noted("x", false), new Noted("y", false))
        .withTaskLock()
        .whileLeading(term);
    TaskManager manager = sim.started(router);
    assertThat(sim.info(manager).getSync())
        .isEqualTo("leader of main, task lock, lock x, lock y, once per tick");
    sim.time.advance(HOUR.plusSeconds(2));
    assertThat(notes).containsExactly("take x", "take y", "give y", "give x");
    assertThat(runs).hasSize(1);
    assertThat(runs.get(0).fencingToken()).isGreaterThan(1_700_000_000_000_000L);
    assertThat(leases()).isEmpty();
  }

  @Test
  void aTakenResourceSkipsTheRunAndLeavesTheTickToOthers() {
    router
        .cron("0 * * * *", "a", body(Duration.ZERO))
        .oncePerTick()
        .withTaskLock()
        .withLock(new Noted("x", false), new Noted("y", true));
    TaskManager manager = sim.started(router);
    sim.time.advance(HOUR);
    assertThat(runs).isEmpty();
    assertThat(notes).startsWith("take x", "give x");
    assertThat(leases()).isEmpty();
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("SKIPPED_LOCKED");

    TaskRouter other = TaskRouter.create();
    other.cron("0 * * * *", "a", body(Duration.ZERO)).oncePerTick();
    sim.started(other);
    assertThat(runs).as("the tick is still to be had").hasSize(1);
    sim.time.advance(Duration.ofMinutes(30));
    assertThat(runs).hasSize(1);
    assertThat(sim.count(manager, TaskOutcome.SKIPPED_LOCKED)).isEqualTo(1);
  }

  @Test
  void whoIsDeposedBeforeItsBodyBeganHasSkippedTheRunAndLeavesTheTickToOthers() {
    Sim.Term term = new Sim.Term();
    Promise<Void> free = Promise.promise();
    Noted lock = new Noted("x", false);
    lock.before = free.future();
    router
        .cron("0 * * * *", "a", body(Duration.ZERO))
        .whileLeading(term)
        .withLock(lock)
        .oncePerTick();
    term.elect();
    TaskManager manager = sim.started(router);
    sim.time.advance(HOUR);
    term.depose();
    free.complete();
    sim.time.run();
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getCounts().getMap()).containsOnlyKeys("SKIPPED_NOT_LEADER");
    assertThat(notes).containsExactly("take x", "give x");
    term.elect();
    sim.time.run();
    assertThat(runs).as("the tick is still to be had").hasSize(1);
  }

  @Test
  void whoIsDeposedWhileItClaimsTheTickHasSkippedTheRunToo() {
    Sim.Term term = new Sim.Term();
    Promise<Void> answered = Promise.promise();
    sim.store.hung.put("advance", answered.future());
    router
        .cron("0 * * * *", "a", body(Duration.ZERO))
        .whileLeading(term)
        .minHold(Duration.ofMinutes(4))
        .oncePerTick();
    term.elect();
    TaskManager manager = sim.started(router);
    sim.time.advance(HOUR);
    term.depose();
    answered.complete();
    sim.time.run();
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getCounts().getMap()).containsOnlyKeys("SKIPPED_NOT_LEADER");
    assertThat(sim.events).noneMatch(event -> event.getString("event").equals("started"));
    assertThat(leases()).as("no minHold for a run that never began").isEmpty();
    term.elect();
    sim.time.run();
    assertThat(runs).as("at most once: the tick is claimed").isEmpty();
  }

  @Test
  void aTaskLockThatIsLostBeforeTheBodyBeganIsASkippedRun() {
    Promise<Void> free = Promise.promise();
    Noted lock = new Noted("x", false);
    lock.before = free.future();
    router
        .every(HOUR, "a", body(Duration.ZERO))
        .withTaskLock(Duration.ofSeconds(10))
        .withLock(lock);
    TaskManager manager = sim.started(router);
    sim.store.revoke(TaskKeys.run("a"));
    sim.time.advance(Duration.ofSeconds(11));
    free.complete();
    sim.time.run();
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getCounts().getMap()).containsOnlyKeys("SKIPPED_LOCKED");
  }

  @Test
  void aGrantThatArrivesAfterItsLeaseIsReleased() {
    router.every(HOUR, "a", body(Duration.ZERO)).withTaskLock(Duration.ofSeconds(10));
    sim.store.hung.put("acquire", sim.takes(Duration.ofSeconds(11)));
    TaskManager manager = sim.started(router);
    sim.time.advance(Duration.ofSeconds(12));
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getCounts().getMap()).containsOnlyKeys("BACKEND_ERROR");
    assertThat(leases()).isEmpty();
  }

  @Test
  void aGrantWhoseAnswerIsLostIsReleased() {
    router.every(HOUR, "a", body(Duration.ZERO)).withTaskLock(Duration.ofSeconds(10));
    sim.store.deaf.add("acquire");
    TaskManager manager = sim.started(router);
    assertThat(runs).isEmpty();
    assertThat(sim.info(manager).getCounts().getMap()).containsOnlyKeys("BACKEND_ERROR");
    assertThat(leases()).isEmpty();
  }

  @Test
  void aRunThatWasNotHeldToItsEndDoesNotSucceed() {
    router.every(HOUR, "a", body(Duration.ofSeconds(1))).withTaskLock(Duration.ofSeconds(60));
    router.every(HOUR, "b", body(Duration.ofSeconds(1))).minHold(Duration.ofSeconds(30));
    TaskManager manager = sim.started(router);
    sim.store.revoke(TaskKeys.run("a"));
    sim.store.revoke(TaskKeys.run("b"));
    sim.time.advance(Duration.ofSeconds(2));
    assertThat(runs).hasSize(2);
    for (TaskInfo info : manager.list().result()) {
      assertThat(info.getCounts().getMap()).containsOnlyKeys("LOST");
    }
  }

  @Test
  void minHoldIsNotForARunThatNeverBegan() {
    router
        .every(HOUR, "a", body(Duration.ZERO))
        .minHold(Duration.ofMinutes(4))
        .withLock(new Noted("x", true));
    TaskManager manager = sim.started(router);
    assertThat(sim.info(manager).getLastOutcome()).isEqualTo("SKIPPED_LOCKED");
    assertThat(leases()).isEmpty();
  }

  @Test
  void aTriggerDuringAnAttemptThatComesToNothingRunsAfterIt() {
    Noted lock = new Noted("x", false);
    Promise<Void> waiting = Promise.promise();
    lock.before = waiting.future();
    router.every(HOUR, "a", body(Duration.ofSeconds(1))).withLock(lock);
    TaskManager manager = sim.started(router);
    Future<TaskInfo> triggered = manager.trigger("a");
    sim.time.advance(Duration.ofSeconds(1));
    assertThat(triggered.isComplete()).isFalse();
    lock.before = Future.succeededFuture();
    waiting.fail(ErrorCode.TIMEOUT.failure("taken"));
    sim.time.run();
    assertThat(triggered.result().isRunning()).isTrue();
    assertThat(manager.trigger("a").result().isRunning()).isTrue();
    assertThat(sim.count(manager, TaskOutcome.SKIPPED_LOCKED)).isEqualTo(1);
    sim.time.advance(Duration.ofMinutes(1));
    assertThat(runs).as("no second run during the first one").hasSize(1);
  }

  /** A resource that is free or taken forever. */
  private final class Noted implements DistributedLock {
    private final String name;
    private final boolean taken;
    private Future<Void> before = Future.succeededFuture();

    private Noted(String name, boolean taken) {
      this.name = name;
      this.taken = taken;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public <T> Future<T> withLock(Function<LockHandle, Future<T>> body) {
      if (taken) {
        return Future.failedFuture(ErrorCode.TIMEOUT.failure("taken"));
      }
      return before.compose(
          free -> {
            notes.add("take " + name);
            return body.apply(new Handle()).onComplete(end -> notes.add("give " + name));
          });
    }

    @Override
    public Future<LockHandle> acquire() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Future<LockHandle> acquire(Future<?> giveUp) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Future<LockHandle> tryAcquire() {
      throw new UnsupportedOperationException();
    }

    private final class Handle implements LockHandle {
      private final Promise<Void> never = Promise.promise();

      @Override
      public String name() {
        return name;
      }

      @Override
      public long fencingToken() {
        return 7;
      }

      @Override
      public boolean isValid() {
        return true;
      }

      @Override
      public Duration remaining() {
        return HOUR;
      }

      @Override
      public LockHandle onLost(Runnable handler) {
        return this;
      }

      @Override
      public Future<Void> extend() {
        return never.future();
      }

      @Override
      public Future<Boolean> release() {
        return Future.succeededFuture(true);
      }
    }
  }
}
