package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.Watch;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The hints of this client's watches, by record. Thread-safe. */
final class Watches {
  private final Map<String, List<Runnable>> hints = new ConcurrentHashMap<>();
  private final Map<String, LeaseKey> keys = new ConcurrentHashMap<>();

  Watch add(LeaseKey key, Runnable hint) {
    Runnable mine = hint::run;
    String record = record(key);
    hints.compute(
        record,
        (r, some) -> {
          List<Runnable> all = some == null ? new CopyOnWriteArrayList<>() : some;
          all.add(mine);
          keys.put(record, key);
          return all;
        });
    return () ->
        hints.computeIfPresent(
            record,
            (r, some) -> {
              some.remove(mine);
              if (some.isEmpty()) {
                keys.remove(record);
                return null;
              }
              return some;
            });
  }

  void changed(LeaseKey key) {
    changed(record(key));
  }

  /** A record, as notifications name it, has changed. */
  void changed(String record) {
    List<Runnable> some = hints.get(record);
    if (some != null) {
      some.forEach(PostgresWaiters::run);
    }
  }

  /** Notifications may have been lost. */
  void allChanged() {
    hints.values().forEach(some -> some.forEach(PostgresWaiters::run));
  }

  Collection<LeaseKey> keys() {
    return keys.values();
  }

  boolean isEmpty() {
    return hints.isEmpty();
  }

  void clear() {
    hints.clear();
    keys.clear();
  }

  private static String record(LeaseKey key) {
    return key.kind().id() + ":" + key.name();
  }
}
