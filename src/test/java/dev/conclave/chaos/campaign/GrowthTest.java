package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.worker.Usage;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class GrowthTest {
  @Test
  void whatIsAddedWithEverySampleGrows() {
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> 10 * i))).isTrue();
    assertThat(growth(Usage.FUTURES, LongStream.range(0, 24).map(i -> 2_000 + 400 * i))).isTrue();
    assertThat(growth(Usage.HEAP, LongStream.range(0, 24).map(i -> 13_000 + 900 * i))).isTrue();
  }

  @Test
  void warmingUpIsNotGrowth() {
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> Math.min(i, 8) * 100))).isFalse();
  }

  @Test
  void whatComesAndGoesIsNotGrowth() {
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> i % 6 * 500))).isFalse();
  }

  @Test
  void aQuarterOrTheSlackIsNotGrowth() {
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> i < 16 ? 1_000 : 1_265)))
        .isFalse();
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> i < 16 ? 1_000 : 1_266)))
        .isTrue();
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> i < 16 ? 0 : 15))).isFalse();
    assertThat(growth("handles", LongStream.range(0, 24).map(i -> i < 16 ? 0 : 16))).isTrue();
  }

  private static boolean growth(String what, LongStream samples) {
    return Growth.of(what, samples.boxed().toList()).isReal();
  }

  @Test
  void itShowsBothFigures() {
    assertThat(Growth.of("handles", List.of(9L, 1L, 2L))).hasToString("1, then 2");
  }
}
