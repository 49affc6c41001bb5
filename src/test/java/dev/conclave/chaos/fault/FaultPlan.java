package dev.conclave.chaos.fault;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * The faults that come one after the other, drawn from a seed. Every fault gets a source of chance
 * of its own, because how often it draws may depend on what there is when it comes: what comes
 * after it does not.
 */
public final class FaultPlan {
  private static final int LONGEST_FAULT = 3_500;
  private static final int LONGEST_PEACE = 2_000;

  private final List<Fault> faults;
  private final Random random;

  public FaultPlan(List<Fault> faults, long seed) {
    this.faults = List.copyOf(faults);
    this.random = new Random(seed);
  }

  /**
   * One fault of the sequence.
   *
   * @param peace how long nothing happens before it
   * @param lasts how long it lasts unless it is over at once
   * @param seed of what it draws itself
   */
  public record Step(Duration peace, Fault fault, Duration lasts, long seed) {
    /** Makes the trouble, and answers how to end it. */
    public Fault.Healing inject() throws Exception {
      return fault.injection().inject(new Random(seed));
    }
  }

  public Step next() {
    return new Step(
        Duration.ofMillis(100 + random.nextInt(LONGEST_PEACE)),
        faults.get(random.nextInt(faults.size())),
        Duration.ofMillis(100 + random.nextInt(LONGEST_FAULT)),
        random.nextLong());
  }
}
