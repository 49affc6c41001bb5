package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * A {@link Scheduler} on a Vert.x context.
 *
 * <p>All timers share one deadline queue and at most one Vert.x timer, so that a timer which is set
 * with every request and nearly always cancelled costs a few heap moves:
 *
 * <ol>
 *   <li>The queue is a binary heap in which every entry has its index.
 *   <li>The Vert.x timer is armed for the earliest deadline; it is armed again only for an earlier
 *       one.
 *   <li>When it fires, it runs all that is due. If one of these may be joined, it also runs those
 *       that may run early. Then it arms itself for the earliest that is left. It may find nothing
 *       due: cancelling an entry does not disarm it.
 *   <li>It is set on this scheduler's own context and no other. Several contexts share a thread,
 *       and Vert.x cancels what was set on a verticle's context when that verticle is undeployed.
 * </ol>
 */
public final class ContextScheduler implements Scheduler {
  private static final long MILLI = 1_000_000L;
  private static final long NOT_ARMED = -1;
  private static final long ARMING = -2;

  private final Vertx vertx;
  private final List<Runnable> waiting = new ArrayList<>();
  private RejectedExecutionException refused;
  private volatile Context context;
  private volatile Thread thread;
  private Entry[] heap = new Entry[16];
  private int size;
  private long timerId = NOT_ARMED;
  private long armedFor;
  private boolean closed;

  /** A scheduler that runs everything on this context. */
  public ContextScheduler(Vertx vertx, Context context) {
    this.vertx = vertx;
    this.context = context;
  }

  /** A scheduler that runs everything on a context that is still being made. */
  ContextScheduler(Vertx vertx, Future<Context> context) {
    this.vertx = vertx;
    context.onComplete(made -> made.runOnContext(v -> arrived(made)), this::refuse);
  }

  /** On the context: the actions that waited run after this, and before all later ones. */
  private void arrived(Context made) {
    synchronized (waiting) {
      waiting.forEach(action -> made.runOnContext(v -> enter(action)));
      waiting.clear();
      context = made;
    }
  }

  /**
   * Vert.x is closed. The actions that waited run here, so that they fail; later ones are refused.
   */
  private void refuse(Throwable closed) {
    List<Runnable> left;
    synchronized (waiting) {
      refused = new RejectedExecutionException("Vert.x is closed", closed);
      left = List.copyOf(waiting);
      waiting.clear();
    }
    left.forEach(CallerContext::guarded);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void execute(Runnable action) {
    if (context == null) {
      synchronized (waiting) {
        if (refused != null) {
          throw refused;
        }
        if (context == null) {
          waiting.add(action);
          return;
        }
      }
    }
    context.runOnContext(v -> enter(action));
  }

  /**
   * For a caller without a context, callbacks run on a worker thread of Vert.x, which they may
   * block. They never run on this scheduler's thread, on which leases are renewed.
   */
  @Override
  public Executor caller() {
    if (Vertx.currentContext() != null) {
      return Scheduler.super.caller();
    }
    Context own = vertx.getOrCreateContext();
    return action ->
        own.executeBlocking(
            () -> {
              CallerContext.guarded(action);
              return null;
            });
  }

  @Override
  public boolean isCurrent() {
    Thread current = Thread.currentThread();
    if (current == thread) {
      return true;
    }
    // An event loop's thread never changes. Contexts that Vert.x derives from this one share it,
    // such as the duplicate on which the handler of a message runs. So the thread is stored once.
    // Blocking code of the context has the context too, but on a thread of the worker pool.
    Context mine = context;
    boolean here =
        mine != null
            && mine.isEventLoopContext()
            && Vertx.currentContext() == mine
            && Context.isOnEventLoopThread();
    if (here) {
      thread = current;
    }
    return here;
  }

  /** Runs the action and stores its thread, for a worker's context only until it has run. */
  private void enter(Runnable action) {
    thread = Thread.currentThread();
    try {
      action.run();
    } finally {
      if (!context.isEventLoopContext()) {
        thread = null;
      }
    }
  }

  @Override
  public Timer schedule(long delay, Runnable action) {
    return schedule(delay, 0, action);
  }

  @Override
  public Timer schedule(long delay, long early, Runnable action) {
    Entry entry = new Entry(nanoTime() + Math.max(0, delay), Math.max(0, early), action);
    if (closed) {
      return entry;
    }
    add(entry);
    if (timerId == NOT_ARMED || entry.deadline - armedFor < 0) {
      arm();
    }
    return entry;
  }

  /** Drops everything that is scheduled and schedules nothing more. On the context only. */
  public void close() {
    closed = true;
    for (int i = 0; i < size; i++) {
      heap[i].index = Entry.OUT;
    }
    heap = new Entry[0];
    size = 0;
    disarm();
  }

  private void arm() {
    armedFor = heap[0].deadline;
    if (Vertx.currentContext() == context) {
      armHere();
    } else if (timerId != ARMING) {
      disarm();
      timerId = ARMING;
      context.runOnContext(
          v -> {
            if (timerId == ARMING) {
              armHere();
            }
          });
    }
  }

  private void armHere() {
    disarm();
    if (size > 0) {
      armedFor = heap[0].deadline;
      long millis = Math.max(1, (armedFor - nanoTime() + MILLI - 1) / MILLI);
      timerId = vertx.setTimer(millis, id -> enter(this::fire));
    }
  }

  private void disarm() {
    if (timerId >= 0) {
      vertx.cancelTimer(timerId);
    }
    timerId = NOT_ARMED;
  }

  private void fire() {
    timerId = NOT_ARMED;
    long now = nanoTime();
    boolean joinable = false;
    try {
      while (size > 0 && heap[0].deadline - now <= 0) {
        Entry due = heap[0];
        remove(due);
        joinable |= due.early > 0;
        CallerContext.guarded(due.action);
      }
      if (joinable) {
        runThoseThatJoin(now);
      }
    } finally {
      if (size > 0 && timerId == NOT_ARMED) {
        arm();
      }
    }
  }

  private void runThoseThatJoin(long now) {
    List<Entry> joining = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      if (heap[i].early > 0 && heap[i].deadline - heap[i].early - now <= 0) {
        joining.add(heap[i]);
      }
    }
    for (Entry entry : joining) {
      if (entry.index != Entry.OUT) { // one that ran before it may have cancelled it
        remove(entry);
        CallerContext.guarded(entry.action);
      }
    }
  }

  private void add(Entry entry) {
    if (size == heap.length) {
      heap = java.util.Arrays.copyOf(heap, size * 2);
    }
    place(entry, size++);
    up(entry);
  }

  private void remove(Entry entry) {
    int hole = entry.index;
    entry.index = Entry.OUT;
    Entry last = heap[--size];
    heap[size] = null;
    if (last != entry) {
      place(last, hole);
      up(last);
      down(last);
    }
  }

  private void up(Entry entry) {
    while (entry.index > 0) {
      Entry parent = heap[(entry.index - 1) / 2];
      if (parent.deadline - entry.deadline <= 0) {
        return;
      }
      swap(parent, entry);
    }
  }

  private void down(Entry entry) {
    for (int child = 2 * entry.index + 1; child < size; child = 2 * entry.index + 1) {
      if (child + 1 < size && heap[child + 1].deadline - heap[child].deadline < 0) {
        child++;
      }
      if (entry.deadline - heap[child].deadline <= 0) {
        return;
      }
      swap(entry, heap[child]);
    }
  }

  private void swap(Entry upper, Entry lower) {
    int index = lower.index;
    place(lower, upper.index);
    place(upper, index);
  }

  private void place(Entry entry, int index) {
    heap[index] = entry;
    entry.index = index;
  }

  private final class Entry implements Timer {
    private static final int OUT = -1;

    private final long deadline;
    private final long early;
    private final Runnable action;
    private int index = OUT;

    private Entry(long deadline, long early, Runnable action) {
      this.deadline = deadline;
      this.early = early;
      this.action = action;
    }

    @Override
    public void cancel() {
      if (index != OUT) {
        remove(this);
      }
    }
  }
}
