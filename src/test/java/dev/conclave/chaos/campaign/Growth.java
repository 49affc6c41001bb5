package dev.conclave.chaos.campaign;

import dev.conclave.chaos.worker.Usage;
import java.util.List;

/**
 * Whether something grows, decided by rules that were fixed before any run.
 *
 * <ol>
 *   <li>The first third of the samples is for warming up and does not count.
 *   <li>Faults make everything come and go; only what is left behind never goes. So the least of
 *       the second third is compared with the least of the last one.
 *   <li>It has grown when it is more by a quarter and by the slack: what comes and goes from one
 *       moment to the next. That is much for futures, of which every request under way has some.
 * </ol>
 *
 * @param early the least of the second third
 * @param late the least of the last third
 * @param slack what does not count
 */
record Growth(long early, long late, long slack) {
  private static final long SLACK = 15;
  private static final long SLACK_OF_HEAP = 2_048;
  private static final long SLACK_OF_FUTURES = 500;

  static Growth of(String what, List<Long> samples) {
    int third = samples.size() / 3;
    return new Growth(
        least(samples.subList(third, 2 * third)),
        least(samples.subList(2 * third, samples.size())),
        switch (what) {
          case Usage.HEAP -> SLACK_OF_HEAP;
          case Usage.FUTURES -> SLACK_OF_FUTURES;
          default -> SLACK;
        });
  }

  boolean isReal() {
    return late > early * 1.25 + slack;
  }

  private static long least(List<Long> samples) {
    return samples.stream().mapToLong(Long::longValue).min().orElseThrow();
  }

  @Override
  public String toString() {
    return early + ", then " + late;
  }
}
