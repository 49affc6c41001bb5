package dev.conclave.backend.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ContendedRecordsTest {
  private static final long START = Long.MAX_VALUE - 1;
  private final ContendedRecords crowded = new ContendedRecords();

  private static long at(long seconds) {
    return START + TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void remembersForAWhile() {
    assertThat(crowded.contains("lock:a", START)).isFalse();
    crowded.add("lock:a", START);
    assertThat(crowded.contains("lock:a", at(4))).isTrue();
    assertThat(crowded.contains("lock:b", at(4))).isFalse();
    assertThat(crowded.contains("lock:a", at(6))).isTrue();
    assertThat(crowded.contains("lock:a", at(12))).isFalse();
  }

  @Test
  void whatIsSeenAgainIsRememberedLonger() {
    for (int i = 0; i < 20; i++) {
      crowded.add("lock:a", at(4 * i));
      assertThat(crowded.contains("lock:a", at(4 * i + 4))).isTrue();
    }
  }

  @Test
  void forgetsAllOfThemAfterALongTime() {
    crowded.add("lock:a", START);
    crowded.add("lock:b", at(6));
    assertThat(crowded.contains("lock:b", at(1000))).isFalse();
    assertThat(crowded.contains("lock:a", at(1000))).isFalse();
  }

  @Test
  void keepsTheLatestOfVeryMany() {
    for (int i = 0; i < 100_000; i++) {
      crowded.add("lock:" + i, START);
    }
    assertThat(crowded.contains("lock:99999", START)).isTrue();
    assertThat(crowded.contains("lock:95999", START)).isTrue();
    assertThat(crowded.contains("lock:10", START)).isFalse();
  }
}
