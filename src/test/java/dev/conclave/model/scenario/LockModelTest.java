package dev.conclave.model.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.search.Search;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.World;
import org.junit.jupiter.api.Test;

/** Everything that can happen to a lock, within bounds; see {@link World} and {@link Bounds}. */
class LockModelTest extends SeededBugsContract {
  /** Longer than a lease, so that what is held back arrives after the lock has gone to others. */
  private static final long HORIZON = 1_100;

  /** Longer than three holders need one after the other: what arrives late finds the lock free. */
  private static final long ALL_SERVED = 1_300;

  LockModelTest() {
    super(new Search("a lock", LockScenario::new), ALL_SERVED);
  }

  @Test
  void twoFaults() {
    assertThat(search.findsNothing(new Bounds(2, HORIZON)).executions()).isGreaterThan(60_000);
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
}
