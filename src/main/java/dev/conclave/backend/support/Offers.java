package dev.conclave.backend.support;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Offers of a store that this client watches, so that none outlives its time: one timer per key, at
 * the end of its latest offer. So a key that is handed over all the time costs no more than one
 * timer.
 *
 * <p>To be used on the scheduler's thread only.
 */
public final class Offers {
  /** The offer must be over by the store's clock when the lapse arrives there. */
  private static final Duration SLACK = Duration.ofMillis(20);

  private final Scheduler scheduler;
  private final Consumer<LeaseKey> lapse;
  private final Map<LeaseKey, Long> ends = new HashMap<>();

  /**
   * No offer yet.
   *
   * @param lapse passes an offer that was not claimed on to the next waiter
   */
  public Offers(Scheduler scheduler, Consumer<LeaseKey> lapse) {
    this.scheduler = scheduler;
    this.lapse = lapse;
  }

  /** An offer begins. */
  public void made(LeaseKey key) {
    made(key, SyncBackend.OFFER);
  }

  /** There is an offer with this time left. */
  public void made(LeaseKey key, Duration left) {
    long pause = left.plus(SLACK).toNanos();
    if (ends.put(key, scheduler.nanoTime() + pause) == null) {
      scheduler.schedule(pause, () -> ended(key));
    }
  }

  private void ended(LeaseKey key) {
    Long end = ends.get(key);
    if (end == null) {
      return;
    }
    long left = end - scheduler.nanoTime();
    if (left > 0) {
      scheduler.schedule(left, () -> ended(key));
    } else {
      ends.remove(key);
      lapse.accept(key);
    }
  }

  /** How many keys are watched. */
  public int size() {
    return ends.size();
  }

  /** Forgets all. */
  public void clear() {
    ends.clear();
  }
}
