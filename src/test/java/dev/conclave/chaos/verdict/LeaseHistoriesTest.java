package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.History.Span;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Histories that met a store that forgets: what is excused and what is found. */
class LeaseHistoriesTest {
  private static final long SLACK = 10;
  private static final long OFFER = 500;

  private final OperationsFixture history = new OperationsFixture();

  /** The store forgets from 500 to 600. */
  private boolean holds() {
    List<Span> forgotten = List.of(new Span("FLUSHALL", "store", 500, 600, 0));
    LeaseModel model = new LeaseModel(history.all(), SLACK, OFFER, List.of());
    return LeaseHistories.parts(history.all(), forgotten, SLACK, OFFER).stream()
        .allMatch(part -> LeaseLinearizability.holds(part.operations(), model, part.beginnings()));
  }

  @Test
  void acceptsThatALeaseIsForgotten() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 610, 620, 6);
    history.extend("a", 630, 640, false);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsThatALeaseIsNotForgottenOrBackAgain() {
    history.acquire("a", 0, 10, 5);
    history.release("a", 400, 410, true);
    history.extend("a", 630, 640, true);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsWhateverWasAnsweredMeanwhile() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 490, 620, 6);
    history.acquire("c", 510, 520, 7);
    history.acquire("d", 510, 520, 8);
    history.extend("c", 610, 640, true);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsACallFromBeforeThatIsCarriedOutAfterwards() {
    history.acquire("b", 490, 605, 6);
    history.acquire("c", 610, 620, 7);
    history.release("c", 621, 622, true);
    history.extend("b", 630, 640, true);
    assertThat(holds()).isTrue();
  }

  @Test
  void findsTwoHoldersBefore() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 20, 30, 6);
    history.acquire("c", 700, 710, 7);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsTwoHoldersAfterwards() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 610, 620, 6);
    history.acquire("c", 630, 640, 7);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsThatBothTheOldAndTheNewHolderExtend() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 610, 620, 6);
    history.extend("a", 630, 640, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOldLeaseThatOutlivesItself() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 1_030, 1_040, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsARefusalForNobodysSake() {
    history.acquire("a", 610, 620, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferThatOutlivesTheForgetting() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 1_000);
    history.acquire("c", 1_110, 1_115, 0);
    assertThat(holds()).as("it may have been made at the end of it").isTrue();
    history.acquire("c", 1_700, 1_710, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void everythingIsJudgedButWhatWasAskedMeanwhile() {
    history.acquire("a", 0, 10, 5);
    history.acquire("b", 510, 520, 6);
    history.acquire("c", 550, 650, 7);
    history.acquire("d", 700, 710, 8);
    List<Span> forgotten = List.of(new Span("", "", 500, 560, 0), new Span("", "", 540, 600, 0));
    assertThat(LeaseHistories.parts(history.all(), forgotten, SLACK, OFFER))
        .extracting(LeaseHistories.Part::judged)
        .containsExactly(1, 1);
  }
}
