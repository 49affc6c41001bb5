package dev.conclave.task;

import dev.conclave.testing.Async;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Simulated time for real servers: it advances only when every call under way has been answered.
 * All timers of one moment run before the first wait, so that their calls race.
 */
final class DrivenTime implements Scheduler {
  private record Task(long at, long order, Runnable action) {}

  private final Thread driver = Thread.currentThread();
  private final Instant start;
  private final PriorityQueue<Task> timers =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::order));
  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private long nanos;
  private long order;

  DrivenTime(Instant start) {
    this.start = start;
  }

  /** Counts a call as under way until its answer has been handled or queued. */
  <T> Future<T> watched(Future<T> call) {
    underWay.incrementAndGet();
    Promise<T> promise = Promise.promise();
    call.onComplete(
        answer -> {
          promise.handle(answer);
          underWay.decrementAndGet();
        });
    return promise.future();
  }

  void advance(Duration duration) {
    long end = nanos + duration.toNanos();
    settle();
    while (!timers.isEmpty() && timers.peek().at <= end) {
      nanos = Math.max(nanos, timers.peek().at);
      while (!timers.isEmpty() && timers.peek().at <= nanos) {
        timers.poll().action.run();
      }
      settle();
    }
    nanos = end;
  }

  private void settle() {
    long deadline = System.nanoTime() + Async.PATIENCE.toNanos();
    while (underWay.get() > 0 || !ready.isEmpty()) {
      Runnable action = ready.poll();
      if (action != null) {
        action.run();
      } else if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("a call was not answered within " + Async.PATIENCE);
      } else {
        LockSupport.parkNanos(20_000);
      }
    }
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
    return Thread.currentThread() == driver;
  }
}
