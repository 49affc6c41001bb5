package dev.conclave.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(1);

  private static long[] millis(Backoff backoff, int... failures) {
    return IntStream.of(failures).mapToLong(n -> backoff.after(n) / 1_000_000).toArray();
  }

  @Test
  void doublesFromTheFirstPauseUpToTheLongest() {
    assertThat(millis(Backoff.exact(FIRST, LONGEST), 1, 2, 3, 4, 5, 64, Integer.MAX_VALUE))
        .containsExactly(100, 200, 400, 800, 1000, 1000, 1000);
  }

  @Test
  void jitterDropsUpToHalfOfThePause() {
    assertThat(millis(Backoff.jittered(FIRST, LONGEST, () -> 0), 1, 2, 9))
        .containsExactly(50, 100, 500);
    assertThat(millis(Backoff.jittered(FIRST, LONGEST, () -> 0.5), 1, 2, 9))
        .containsExactly(75, 150, 750);
    for (int i = 0; i < 1000; i++) {
      assertThat(millis(Backoff.jittered(FIRST, LONGEST), 2)[0]).isBetween(100L, 200L);
    }
  }

  @Test
  void aFirstPauseOfZeroStaysZero() {
    assertThat(Backoff.exact(Duration.ZERO, LONGEST).after(99)).isZero();
  }

  @Test
  void aFirstPauseLongerThanTheLongestIsCut() {
    assertThat(millis(Backoff.exact(Duration.ofDays(365), LONGEST), 1, 30))
        .containsExactly(1000, 1000);
  }
}
