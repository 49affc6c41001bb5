package dev.conclave.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.Violation.Kind;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Everything that can happen to a lock, within bounds; see {@link World} and {@link Bounds}. */
class LockModelTest {
  /** Longer than a lease, so that what is held back arrives after the lock has gone to others. */
  private static final long HORIZON = 1_100;

  /** Longer than three holders need one after the other: what arrives late finds the lock free. */
  private static final long ALL_SERVED = 1_300;

  private final Search search = new Search("a lock", LockScenario::new);

  @Test
  void twoFaults() {
    assertThat(search.findsNothing(new Bounds(2, HORIZON)).executions()).isGreaterThan(40_000);
  }

  @Test
  void oneFaultAndClocksThatDrift() {
    assertThat(search.findsNothing(new Bounds(1, ALL_SERVED).withDrift()).executions())
        .isGreaterThan(4_000);
  }

  @Test
  void oneFaultAndRequestsInAnyOrder() {
    assertThat(search.findsNothing(new Bounds(1, ALL_SERVED).inAnyOrder()).executions())
        .isGreaterThan(4_000);
  }

  @Test
  void cuttingKnownStatesShortLosesNone() {
    Bounds few = new Bounds(1, 600).ofProcesses(2);
    assertThat(search.run(few, Seed.NONE, Set.of(), true).states())
        .isEqualTo(search.run(few, Seed.NONE, Set.of(), false).states());
  }

  @Test
  void itFindsAnExtendThatAcquires() {
    search.finds(Seed.EXTEND_ACQUIRES, Kind.RENEWED_AFTER_RELEASE, new Bounds(1, ALL_SERVED));
  }

  @Test
  void itFindsValidityReckonedFromTheAnswer() {
    search.finds(Seed.STAMPED_AT_THE_ANSWER, Kind.TWO_HOLDERS, new Bounds(1, HORIZON));
  }

  @Test
  void itFindsAFenceThatAReleaseResets() {
    search.finds(Seed.FENCE_RESET_AT_RELEASE, Kind.FENCE_NOT_GREATER, new Bounds(0, HORIZON));
  }

  @Test
  void itFindsAReleaseThatNeedsNoToken() {
    search.finds(
        Seed.RELEASE_WITHOUT_TOKEN,
        Kind.TWO_HOLDERS,
        new Bounds(1, HORIZON),
        Kind.RELEASED_FOR_A_STRANGER);
  }

  @Test
  void itFindsAClockBeyondTheMargin() {
    search.finds(Seed.NONE, Kind.TWO_HOLDERS, new Bounds(1, HORIZON).withRates(980, 1000));
  }
}
