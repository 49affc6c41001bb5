package dev.conclave.hostile;

import java.util.Random;
import java.util.stream.LongStream;

/**
 * Where fuzz tests begin: some seeds that are always the same, and one that is new in every run.
 * {@code -Dfuzz.seed=…} repeats one of them alone; a test's display name says which it had.
 */
final class Seeds {
  private static final Long GIVEN = Long.getLong("fuzz.seed");
  private static final long FRESH = GIVEN != null ? GIVEN : new Random().nextInt(1_000_000);

  static {
    System.out.println("Fuzz tests: -Dfuzz.seed=" + FRESH);
  }

  private Seeds() {}

  static LongStream all() {
    return GIVEN != null ? LongStream.of(GIVEN) : LongStream.of(1, 2, FRESH);
  }
}
