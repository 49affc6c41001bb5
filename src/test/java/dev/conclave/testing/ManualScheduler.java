package dev.conclave.testing;

import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.PriorityQueue;

/**
 * Time that passes only when a test says so. Not thread-safe: everything happens on the test's
 * thread, within {@link #advance} and {@link #run}.
 */
public final class ManualScheduler implements Scheduler {
  private record Task(long at, long order, Runnable action) {}

  private final PriorityQueue<Task> timers =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::order));
  private final Deque<Runnable> ready = new ArrayDeque<>();
  private final Instant start;
  private long nanos;
  private long order;

  /** Time starts in 2026. */
  public ManualScheduler() {
    this(Instant.parse("2026-01-01T00:00:00Z"));
  }

  /** Time starts at this moment. */
  public ManualScheduler(Instant start) {
    this.start = start;
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public Instant now() {
    return start.plusNanos(nanos);
  }

  @Override
  public void execute(Runnable action) {
    ready.add(action);
  }

  @Override
  public Timer schedule(long delay, Runnable action) {
    Task task = new Task(nanos + Math.max(0, delay), order++, action);
    timers.add(task);
    return () -> timers.remove(task);
  }

  @Override
  public boolean isCurrent() {
    return true;
  }

  /** Runs what is ready and due, without time passing. */
  public void run() {
    advance(Duration.ZERO);
  }

  /** Lets time pass, running each timer at its own moment. */
  public void advance(Duration duration) {
    long end = nanos + duration.toNanos();
    runReady();
    while (!timers.isEmpty() && timers.peek().at <= end) {
      Task due = timers.poll();
      nanos = Math.max(nanos, due.at);
      due.action.run();
      runReady();
    }
    nanos = end;
  }

  /** Time passes but nothing runs, as on a blocked event loop; {@link #run} unblocks it. */
  public void block(Duration duration) {
    nanos += duration.toNanos();
  }

  /** How many timers are set. */
  public int pending() {
    return timers.size();
  }

  private void runReady() {
    for (Runnable action = ready.poll(); action != null; action = ready.poll()) {
      action.run();
    }
  }
}
