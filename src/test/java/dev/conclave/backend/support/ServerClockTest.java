package dev.conclave.backend.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServerClockTest {
  private static final long ASKED_AT = 5_000_000_000L;
  private static final long SHOWN = 1_700_000_000_000_000L;

  private final ServerClock clock = new ServerClock();

  @Test
  void withoutAReadingNoDeadlineIsSet() {
    assertThat(clock.at(ASKED_AT, Duration.ofSeconds(1))).isEqualTo(ServerClock.NEVER);
    clock.shows(SHOWN, ASKED_AT);
    clock.forget();
    assertThat(clock.at(ASKED_AT, Duration.ofSeconds(1))).isEqualTo(ServerClock.NEVER);
  }

  @Test
  void timeThatPassedCountsWithOnePercentForDrift() {
    clock.shows(SHOWN, ASKED_AT);
    assertThat(clock.at(ASKED_AT, Duration.ZERO)).isEqualTo(SHOWN);
    assertThat(clock.at(ASKED_AT + 1_000_000_000, Duration.ofSeconds(1)))
        .isEqualTo(SHOWN + 2_020_000);
  }
}
