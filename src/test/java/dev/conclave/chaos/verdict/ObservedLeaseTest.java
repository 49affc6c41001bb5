package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.SequentialLease.State;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leases that are dead for who has observed them long enough. */
class ObservedLeaseTest {
  private final OperationsFixture history = new OperationsFixture();

  private boolean holds() {
    return LeaseLinearizability.holds(
        history.all(), new ObservedLease(history.all(), 10), List.of(State.FREE));
  }

  @Test
  void acceptsThatALateObserverRefusesForAWholeDuration() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").acquire("b", 900, 910, 0);
    history.by("q").acquire("b", 1_900, 1_915, 0);
    history.by("r").acquire("c", 5_000, 5_010, 0);
    history.by("q").acquire("b", 5_020, 5_030, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsThatItIsDeadForOneAndAliveForAnother() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").find(100, 110, 5);
    history.by("q").find(1_200, 1_210, 0);
    history.by("r").find(1_220, 1_230, 5);
    history.by("q").find(1_240, 1_250, 0);
    assertThat(holds()).isTrue();
  }

  @Test
  void findsARefusalByOneWhoHasObservedLongEnough() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").acquire("b", 900, 910, 0);
    history.by("q").acquire("b", 1_921, 1_930, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsThatTheRenewerItselfRefusesTooLong() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("p").acquire("b", 1_021, 1_030, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnExtensionOfWhatIsDeadForItsHolder() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("p").extend("a", 1_021, 1_030, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsADeathThatNoClientCanHaveObserved() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").acquire("b", 980, 990, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAHolderWhoIsNotFoundBeforeItsDeath() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").find(500, 510, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsTwoHolders() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").acquire("b", 20, 30, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsARefusalAfterARelease() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("p").release("a", 20, 30, true);
    history.by("q").acquire("b", 40, 50, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAFenceThatDoesNotGrow() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").acquire("b", 2_000, 2_010, 5);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsARevokeThatDoesNothing() {
    history.by("p").acquire("a", 0, 10, 5);
    history.by("q").revoke(20, 30, true);
    history.by("p").owns("a", 40, 50, true);
    assertThat(holds()).isFalse();
  }
}
