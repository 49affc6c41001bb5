package dev.conclave.model.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.search.Search;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.World;
import org.junit.jupiter.api.Test;

/**
 * Everything that can happen to an election, within bounds; see {@link World} and {@link Bounds}.
 */
class ElectionModelTest extends SeededBugsContract {
  /** Longer than a lease, so that what is held back arrives after the lease has gone to others. */
  private static final long HORIZON = 1_100;

  ElectionModelTest() {
    super(new Search("an election", ElectionScenario::new), HORIZON);
  }

  @Test
  void oneFaultAndClocksThatDrift() {
    assertThat(search.findsNothing(new Bounds(1, HORIZON).withDrift()).executions())
        .isGreaterThan(20_000);
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
}
