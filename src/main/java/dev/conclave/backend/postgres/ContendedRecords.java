package dev.conclave.backend.postgres;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * The records that were not a plain case recently: they had another holder, a queue or watchers.
 * For such a record, the statement for the plain case would only cost a round trip.
 *
 * <p>It is only a guess, so forgetting is harmless. A record is remembered for one to two spans, or
 * until many others came after it. Belongs to one thread.
 */
final class ContendedRecords {
  private static final long SPAN = Duration.ofSeconds(5).toNanos();
  private static final int MANY = 4096;

  private Set<String> young = new HashSet<>();
  private Set<String> old = new HashSet<>();
  private long since;

  void add(String record, long now) {
    age(now);
    young.add(record);
  }

  boolean contains(String record, long now) {
    if (young.isEmpty() && old.isEmpty()) {
      return false;
    }
    age(now);
    return young.contains(record) || old.contains(record);
  }

  private void age(long now) {
    if (young.isEmpty() && old.isEmpty()) {
      since = now;
    } else if (now - since >= 2 * SPAN) {
      young = new HashSet<>();
      old = new HashSet<>();
      since = now;
    } else if (now - since >= SPAN || young.size() >= MANY) {
      old = young;
      young = new HashSet<>();
      since = now;
    }
  }
}
