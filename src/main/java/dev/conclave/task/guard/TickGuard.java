package dev.conclave.task.guard;

import static dev.conclave.task.schedule.Ticks.CLOCK_TOLERANCE;

import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.task.guard.Guard.Hold;
import dev.conclave.task.schedule.Ticks;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * Claims a tick by moving the task's register to it, permanently. Wall clocks may be wrong, so the
 * store's clock is read first.
 *
 * <ol>
 *   <li>A tick that the mark has reached has been run or dropped by another machine.
 *   <li>A tick that lies further ahead of the store's clock than {@link Ticks#CLOCK_TOLERANCE} is
 *       not claimed: the mark would stop all machines with correct clocks until then. It is retried
 *       when it is near.
 *   <li>Three reasons why a task does not run are logged: such a tick, a mark that lies so far
 *       ahead, and a clock so far behind that its ticks lie in the past.
 *   <li>If the store does not report its time, the register alone decides.
 * </ol>
 */
public final class TickGuard implements Guard {
  private final String task;
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final Consumer<String> clockIsOff;

  /**
   * The guard of one task.
   *
   * @param clockIsOff receives a sentence about what is wrong with the clocks
   */
  public TickGuard(
      String task, Scheduler scheduler, SyncBackend backend, Consumer<String> clockIsOff) {
    this.task = task;
    this.scheduler = scheduler;
    this.backend = backend;
    this.clockIsOff = clockIsOff;
  }

  @Override
  public Future<Hold> take(Instant fireTime) {
    return CallerContext.on(scheduler, backend.register(task))
        .compose(shown -> shown.isEmpty() ? claim(fireTime) : judge(shown.get(), fireTime));
  }

  private Future<Hold> judge(Register shown, Instant fireTime) {
    Instant store = shown.storeTime();
    if (shown.mark().isPresent() && shown.mark().getAsLong() >= fireTime.toEpochMilli()) {
      Instant mark = Instant.ofEpochMilli(shown.mark().getAsLong());
      if (mark.isAfter(store.plus(CLOCK_TOLERANCE))) {
        clockIsOff.accept(
            "task '%s' is kept from running by its mark %s, which lies %s ahead of the store's clock; reset sets it back"
                .formatted(task, mark, Duration.between(store, mark)));
      } else if (scheduler.now().plus(CLOCK_TOLERANCE).isBefore(store)) {
        clockIsOff.accept(
            "task '%s' does not run here: this machine's clock is %s behind the store's"
                .formatted(task, Duration.between(scheduler.now(), store)));
      }
      return taken();
    }
    Duration ahead = Duration.between(store, fireTime);
    if (ahead.compareTo(CLOCK_TOLERANCE) <= 0) {
      return claim(fireTime);
    }
    String why =
        "task '%s' does not run its tick %s here: it lies %s ahead of the store's clock"
            .formatted(task, fireTime, ahead);
    clockIsOff.accept(why);
    long near =
        Math.min(ahead.minus(CLOCK_TOLERANCE).toSeconds(), Duration.ofDays(366).toSeconds());
    return Guard.Refusal.now(Guard.Reason.CLOCK, Duration.ofSeconds(near).toNanos(), why);
  }

  private Future<Hold> claim(Instant fireTime) {
    return backend
        .advance(task, fireTime.toEpochMilli())
        .compose(mine -> mine ? Future.succeededFuture(new Claimed(fireTime)) : taken());
  }

  private static Future<Hold> taken() {
    return Guard.Refusal.ever(Guard.Reason.LOCKED, "another has run the tick");
  }

  /** A claimed tick: the claim is permanent. */
  private record Claimed(Instant fireTime) implements Hold.Permanent {
    @Override
    public long fencingToken() {
      return fireTime.toEpochMilli();
    }

    @Override
    public int rank() {
      return Guards.TICK;
    }
  }
}
