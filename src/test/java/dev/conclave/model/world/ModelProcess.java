package dev.conclave.model.world;

import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One process: its clock, its only thread, and what it waits for. What it queues for itself runs at
 * the end of the step that queued it, as on an event loop.
 */
public final class ModelProcess implements Scheduler {
  private static final long MILLI = 1_000_000;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** A future that has to be complete by a moment of this process's clock. */
  private static final Duration HOUR = Duration.ofHours(1);

  private record Expected(String what, Future<?> future, long by) {}

  public final String name;
  private final World world;
  private final ModelTimers timers = new ModelTimers();
  private final Deque<Runnable> ready = new ArrayDeque<>();
  private final List<Expected> expected = new ArrayList<>();
  private int rate = 1000;
  private long setBack;
  private boolean running;
  boolean paused;
  public boolean crashed;

  ModelProcess(String name, World world) {
    this.name = name;
    this.world = world;
  }

  /** How fast the clock runs, in thousandths of the store's. */
  void clockRuns(int thousandths) {
    rate = thousandths;
  }

  /** Sets the clock back, as no monotonic clock may be. */
  void setClockBack(long nanos) {
    setBack += nanos;
  }

  @Override
  public long nanoTime() {
    return world.now() * rate / 1000 - setBack;
  }

  /** An hour fast or slow, changing every millisecond: nothing here may go by it. */
  @Override
  public Instant now() {
    boolean fast = world.now() / 1_000_000 % 2 == 0;
    return START.plusNanos(world.now()).plus(fast ? HOUR : HOUR.negated());
  }

  @Override
  public void execute(Runnable action) {
    ready.add(action);
  }

  @Override
  public Timer schedule(long delay, Runnable action) {
    long local = nanoTime() + Math.max(0, delay) + setBack;
    return timers.add(Math.max(world.now(), (local * 1000 + rate - 1) / rate), action);
  }

  @Override
  public boolean isCurrent() {
    return running;
  }

  /** Runs the action on this process's thread. */
  void run(Runnable action) {
    running = true;
    action.run();
    for (Runnable next = ready.poll(); next != null; next = ready.poll()) {
      next.run();
    }
    running = false;
  }

  /** Runs the action so many milliseconds later, by this process's clock. */
  public void in(long millis, Runnable action) {
    schedule(millis * MILLI, action);
  }

  /** The future has to be complete so many milliseconds from now, by this process's clock. */
  public void expect(String what, Future<?> future, long millis) {
    expected.add(new Expected(what, future, nanoTime() + millis * MILLI));
  }

  /** Everything that is due has run: what is late now is late. */
  void checkExpected() {
    expected.removeIf(e -> e.future.isComplete());
    for (Expected e : expected) {
      if (e.by < nanoTime()) {
        world.violated(Violation.Kind.LATE, name + ": " + e.what);
      }
    }
  }

  boolean acts() {
    return !paused && !crashed;
  }

  boolean isDue() {
    return acts() && timers.isDue(world.now());
  }

  void runTimer() {
    run(timers::runFirst);
  }

  /** When something here happens by itself. */
  long nextTimer(long other) {
    return acts() ? timers.next(other) : other;
  }

  void crash() {
    crashed = true;
    timers.clear();
    expected.clear();
  }

  @Override
  public String toString() {
    return name;
  }
}
