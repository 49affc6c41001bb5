package dev.conclave.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.Violation.Kind;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Everything that can happen to an election, within bounds; see {@link World} and {@link Bounds}. */
class ElectionModelTest {
  /** Longer than a lease, so that what is held back arrives after the lease has gone to others. */
  private static final long HORIZON = 1_100;

  private final Search search = new Search("an election", ElectionScenario::new);

  @Test
  void oneFaultAndClocksThatDrift() {
    assertThat(search.findsNothing(new Bounds(1, HORIZON).withDrift()).executions())
        .isGreaterThan(10_000);
  }

  @Test
  void oneFaultAndClocksThatTickTogether() {
    assertThat(search.findsNothing(new Bounds(1, HORIZON)).executions()).isGreaterThan(5_000);
  }

  @Test
  void requestsInAnyOrder() {
    assertThat(search.findsNothing(new Bounds(0, HORIZON).inAnyOrder()).executions())
        .isGreaterThan(3_000);
  }

  @Test
  void twoFaultsWhileLeadershipBegins() {
    assertThat(search.findsNothing(new Bounds(2, 300)).executions()).isGreaterThan(3_000);
  }

  @Test
  void cuttingKnownStatesShortLosesNone() {
    Bounds few = new Bounds(1, 300).ofProcesses(2);
    assertThat(search.run(few, Seed.NONE, Set.of(), true).states())
        .isEqualTo(search.run(few, Seed.NONE, Set.of(), false).states());
  }

  @Test
  void itFindsAnExtendThatAcquires() {
    search.finds(Seed.EXTEND_ACQUIRES, Kind.RENEWED_AFTER_RELEASE, new Bounds(1, HORIZON));
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
