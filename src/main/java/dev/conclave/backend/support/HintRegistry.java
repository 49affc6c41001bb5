package dev.conclave.backend.support;

import dev.conclave.backend.Watch;
import dev.conclave.time.CallerContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The hints of this client's watches, by record. Thread-safe. */
public final class HintRegistry {
  private static final class Hint {
    private final Runnable action;
    private volatile boolean open = true;

    private Hint(Runnable action) {
      this.action = action;
    }

    private void run() {
      if (open) {
        CallerContext.guarded(action);
      }
    }
  }

  private final Map<String, List<Hint>> hints = new ConcurrentHashMap<>();

  /** No watch yet. */
  public HintRegistry() {}

  /** Runs the hint with every change of the record until the watch is closed. */
  public Watch add(String record, Runnable action) {
    Hint mine = new Hint(action);
    hints.compute(
        record,
        (r, some) -> {
          List<Hint> all = some == null ? new CopyOnWriteArrayList<>() : some;
          all.add(mine);
          return all;
        });
    return () -> {
      mine.open = false;
      hints.computeIfPresent(
          record, (r, some) -> some.remove(mine) && some.isEmpty() ? null : some);
    };
  }

  /** Runs the hints of a record that may have changed. */
  public void changed(String record) {
    hints.getOrDefault(record, List.of()).forEach(Hint::run);
  }

  /** Runs all hints, because notifications may have been lost. */
  public void allChanged() {
    hints.values().forEach(some -> some.forEach(Hint::run));
  }

  /** Whether the record is watched. */
  public boolean contains(String record) {
    return hints.containsKey(record);
  }

  /** The watched records at the moment. */
  public Set<String> records() {
    return Set.copyOf(hints.keySet());
  }

  /** Whether nothing is watched. */
  public boolean isEmpty() {
    return hints.isEmpty();
  }

  /** Forgets all. */
  public void clear() {
    hints.clear();
  }
}
