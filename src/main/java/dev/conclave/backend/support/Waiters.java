package dev.conclave.backend.support;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The waiters of this client that stand in the queues of a store.
 *
 * <ol>
 *   <li>A request that may have to wait gets a number, which goes to the store; a request that is
 *       repeated with the same token keeps its number. So no notification carries a token.
 *   <li>A notification with that number runs the waiter's callback. Notifications and results come
 *       over two connections. A notification that arrives while a request of the waiter is under
 *       way is kept until the result. A grant drops it; a refusal delivers it.
 *   <li>A waiter is forgotten when it is granted the lease, when it leaves, and {@link #SLACK}
 *       after its patience is over, because the store's clock may be slower.
 * </ol>
 *
 * <p>Thread-safe. Callbacks run outside the lock.
 */
public final class Waiters {
  private static final Duration SLACK = Duration.ofSeconds(5);
  private static final long SWEEP = Duration.ofSeconds(1).toNanos();

  private record Id(LeaseKey key, String token) {
    /** Names the key; the token stays secret. */
    @Override
    public String toString() {
      return "waiter for " + key;
    }
  }

  private static final class Entry {
    private final long number;
    private final Id id;
    private LeaseRequest.Waiter waiter;
    private int underWay;
    private boolean notified;
    private long until;

    private Entry(long number, Id id) {
      this.number = number;
      this.id = id;
    }
  }

  private final Scheduler scheduler;
  private final Map<Long, Entry> byNumber = new HashMap<>();
  private final Map<Id, Entry> byId = new HashMap<>();
  private long lastNumber;
  private boolean sweeping;

  /** No waiter yet. */
  public Waiters(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * A request of this waiter is sent; returns its number. {@link #granted} or {@link #refused}
   * follows.
   */
  public synchronized long requested(LeaseKey key, String token, LeaseRequest.Waiter waiter) {
    Entry entry = byId.computeIfAbsent(new Id(key, token), id -> new Entry(++lastNumber, id));
    byNumber.put(entry.number, entry);
    entry.waiter = waiter;
    entry.underWay++;
    keepOn(entry);
    if (!sweeping) {
      sweeping = true;
      scheduler.execute(this::sweepLater);
    }
    return entry.number;
  }

  /** The waiter's request was granted. */
  public void granted(LeaseKey key, String token) {
    leave(key, token);
  }

  /** The waiter's request was refused, or its outcome is unknown. */
  public void refused(LeaseKey key, String token) {
    Runnable kept = null;
    synchronized (this) {
      Entry entry = entry(key, token);
      if (entry != null && --entry.underWay <= 0) {
        entry.underWay = 0;
        keepOn(entry);
        kept = entry.notified ? entry.waiter.notification() : null;
        entry.notified = false;
      }
    }
    if (kept != null) {
      Runnable callback = kept;
      scheduler.execute(() -> CallerContext.guarded(callback));
    }
  }

  /** The waiter does not wait any more. */
  public synchronized void leave(LeaseKey key, String token) {
    Entry entry = entry(key, token);
    if (entry != null) {
      forget(entry);
    }
  }

  /** Notifies the waiter with this number, if it still waits. */
  public void wake(long number) {
    Runnable callback;
    synchronized (this) {
      Entry entry = byNumber.get(number);
      if (entry == null) {
        return;
      }
      entry.notified = entry.underWay > 0;
      callback = entry.notified ? () -> {} : entry.waiter.notification();
    }
    CallerContext.guarded(callback);
  }

  /** Notifications may have been lost: notifies all. */
  public void wakeAll() {
    List<Long> all;
    synchronized (this) {
      all = List.copyOf(byNumber.keySet());
    }
    all.forEach(this::wake);
  }

  /** The key that the waiter with this number waits for, or null when it has left. */
  public synchronized LeaseKey keyOf(long number) {
    Entry entry = byNumber.get(number);
    return entry == null ? null : entry.id.key;
  }

  /** Whether no waiter is left. */
  public boolean isEmpty() {
    return size() == 0;
  }

  /** How many waiters there are. */
  public synchronized int size() {
    return byId.size();
  }

  /** Forgets all. */
  public synchronized void clear() {
    byNumber.clear();
    byId.clear();
  }

  private Entry entry(LeaseKey key, String token) {
    return byId.isEmpty() ? null : byId.get(new Id(key, token));
  }

  private void forget(Entry entry) {
    byNumber.remove(entry.number);
    byId.remove(entry.id);
  }

  private void keepOn(Entry entry) {
    entry.until = scheduler.nanoTime() + entry.waiter.patience().plus(SLACK).toNanos();
  }

  private void sweepLater() {
    scheduler.schedule(SWEEP, this::sweep);
  }

  private synchronized void sweep() {
    long now = scheduler.nanoTime();
    List.copyOf(byId.values()).stream()
        .filter(entry -> entry.until - now <= 0)
        .forEach(this::forget);
    sweeping = !byId.isEmpty();
    if (sweeping) {
      sweepLater();
    }
  }
}
