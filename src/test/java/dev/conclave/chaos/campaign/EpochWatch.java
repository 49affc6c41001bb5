package dev.conclave.chaos.campaign;

import dev.conclave.chaos.store.ChaosStore;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.testing.Async;
import java.time.Duration;
import java.util.Optional;

/**
 * Notices that a store has forgotten that does so by itself: Sentinel may take a master for dead
 * when it crashed, when the network had a fault, or when the machine was busy. What is lost is what
 * the master granted without its replica before another one took its place; leases are so short
 * that nothing older matters.
 */
public final class EpochWatch implements AutoCloseable {
  /** How long a master may have gone without its replica before the other one takes its place. */
  private static final Duration BEFORE = Duration.ofSeconds(5);

  private final ChaosStore store;
  private final EventLog log;
  private final Thread thread = new Thread(this::watch, "epochs");
  private volatile boolean closed;

  EpochWatch(ChaosStore store, EventLog log) {
    this.store = store;
    this.log = log;
    thread.setDaemon(true);
    if (store.forgetsWhenCut()) {
      thread.start();
    }
  }

  private void watch() {
    Optional<String> known = store.epoch();
    while (!closed) {
      Async.pause(Duration.ofMillis(100));
      try {
        Optional<String> now = store.epoch();
        if (!now.equals(known)) {
          long from = System.nanoTime() - BEFORE.toNanos();
          known = now;
          store.settle();
          log.span(Event.Type.FORGETS, "store", "", from, "the epoch changed");
        }
      } catch (RuntimeException | AssertionError unknown) {
        // whom to ask is gone for a moment
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join(Async.PATIENCE.toMillis());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
