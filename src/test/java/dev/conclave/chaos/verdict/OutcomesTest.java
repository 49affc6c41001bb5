package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every outcome is right with what it needs, and found to be wrong without. Times are in ms. */
class OutcomesTest {
  private static final long LEASE = 1_000;
  private static final long FELT = Reasons.FELT.toMillis();

  private final List<Event> events = new ArrayList<>();

  private void add(String worker, Type type, String id, long at, long until, String outcome) {
    long lease = type == Type.ASK ? LEASE * 1_000_000 : 1;
    events.add(new Event(worker, type, "k", id, at * 1_000_000, lease, until * 1_000_000, outcome));
  }

  private void waits(String id, long asked, long deadline, long answered, String outcome) {
    add("w", Type.ASK, id, asked, deadline, Labels.WAITS);
    add("w", Type.ANSWER, id, answered, 0, outcome);
  }

  private void once(String id, long asked, long answered, String outcome) {
    add("w", Type.ASK, id, asked, asked + Limits.LOCK_TIMEOUT, Labels.ONCE);
    add("w", Type.ANSWER, id, answered, 0, outcome);
  }

  /** Another worker's, which was refused until then. */
  private void held(long asked, long until) {
    add("x", Type.ASK, "x", asked, asked + 100, Labels.WAITS);
    add("x", Type.ANSWER, "x", asked + 1, 0, "granted");
    add("x", Type.CLAIM, "x", asked + 1, until, "0");
  }

  private List<String> wrong() {
    return Outcomes.check(new History(events), Duration.ZERO);
  }

  private void isWrong(String how) {
    assertThat(wrong()).singleElement().asString().startsWith(how + ": ");
  }

  @Test
  void aGrantComesByTheDeadline() {
    waits("a", 0, 500, 500, "granted");
    waits("b", 0, 500, 500 + Outcomes.UNSEEN.toMillis(), "granted");
    assertThat(wrong()).isEmpty();
    waits("c", 0, 500, 501 + Outcomes.UNSEEN.toMillis(), "granted");
    isWrong("granted after the deadline");
    add("x", Type.STALL, "", 400, 600, null);
    isWrong("granted after the deadline");
    add("w", Type.STALL, "", 400, 600, null);
    assertThat(wrong()).isEmpty();
  }

  @Test
  void aTimeoutDoesNotComeBeforeTheDeadline() {
    held(0, 400);
    waits("a", 100, 500, 500, "TIMEOUT");
    assertThat(wrong()).isEmpty();
    waits("b", 100, 500, 499, "TIMEOUT");
    isWrong("a timeout before the deadline");
  }

  @Test
  void norDoesTheTimeoutOfWhoWantedToGiveUp() {
    held(0, 400);
    waits("a", 100, 500, 499, "TIMEOUT" + Labels.GIVEN_UP);
    isWrong("a timeout before the deadline");
  }

  @Test
  void aTimeoutNeedsAHolder() {
    once("a", 5_000, 5_001, "TIMEOUT");
    isWrong("a timeout, but no client held the lock");
    long runsOut = 5_000 - Limits.LOCK_TIMEOUT;
    held(0, runsOut - 1);
    isWrong("a timeout, but no client held the lock");
    add("x", Type.CLAIM, "x", 2, runsOut, "0");
    assertThat(wrong()).isEmpty();
    add("x", Type.RETURN, Labels.RELEASE + "x", 4_999, 0, "true");
    isWrong("a timeout, but no client held the lock");
  }

  @Test
  void whoseAnswerIsMissingMayHaveHeld() {
    once("a", 3_000, 3_001, "TIMEOUT");
    add("dead", Type.ASK, "x", 900, 1_000, Labels.WAITS);
    assertThat(wrong()).as("granted at the deadline, and sent late").isEmpty();
    events.set(2, new Event("dead", Type.ASK, "k", "x", 0, 0, 1_000_000_000, Labels.WAITS));
    isWrong("a timeout, but no client held the lock");
  }

  @Test
  void aWaiterMayReportAHolderThatAnEarlierWaiterSaw() {
    held(0, 10);
    add("x", Type.RETURN, Labels.RELEASE + "x", 10, 0, "true");
    waits("a", 10 + Limits.LONGEST_WAIT, 9_000, 9_000, "TIMEOUT");
    assertThat(wrong()).isEmpty();
    waits("b", 10 + 2 * Limits.LONGEST_WAIT + 9_000, 99_000, 99_000, "TIMEOUT");
    isWrong("a timeout, but no client held the lock");
  }

  @Test
  void anErrorNeedsAReason() {
    once("a", 10_000, 10_500, "BACKEND_UNAVAILABLE");
    isWrong("no reason for an error");
    add(Labels.HARNESS, Type.FAULT, "", 0, 10_000 - FELT - 1, "crash");
    add(Labels.HARNESS, Type.FAULT, "", 10_501, 20_000, "crash");
    add("x", Type.FAULT, "", 10_000, 10_400, "SIGKILL");
    isWrong("no reason for an error");
    add(Labels.HARNESS, Type.FAULT, "", 0, 10_000 - FELT, "crash");
    assertThat(wrong()).isEmpty();
  }

  @Test
  void aFaultOfItsOwnWorkerAStallOrAStoreThatForgetsIsAReason() {
    once("a", 10_000, 10_500, "BACKEND_UNAVAILABLE");
    for (Type reason : List.of(Type.FAULT, Type.STALL)) {
      add("w", reason, "", 10_100, 10_200, null);
      assertThat(wrong()).isEmpty();
      events.remove(2);
    }
    add(Labels.HARNESS, Type.FORGETS, "", 10_100, 10_200, null);
    assertThat(wrong()).isEmpty();
  }

  @Test
  void anErrorNeedsNoReasonWhenTheWaitWasShorterThanAnAnswerTakes() {
    long wait = Outcomes.ROUND_TRIP.toMillis();
    waits("a", 10_000, 10_000 + wait, 10_000 + wait, "BACKEND_UNAVAILABLE");
    assertThat(wrong()).isEmpty();
    waits("b", 10_000, 10_001 + wait, 10_001 + wait, "BACKEND_UNAVAILABLE");
    isWrong("no reason for an error");
  }

  @Test
  void aLossNeedsAReason() {
    once("a", 10_000, 10_500, "LOST");
    isWrong("no reason for a loss");
    add("w", Type.STALL, "", 10_000, 10_400, null);
    assertThat(wrong()).isEmpty();
  }

  @Test
  void closedIsForThoseWhoGaveUp() {
    waits("a", 0, 500, 100, "CLOSED" + Labels.GIVEN_UP);
    assertThat(wrong()).isEmpty();
    waits("b", 0, 500, 100, "CLOSED");
    isWrong("closed, but the caller did not give up");
  }

  @Test
  void nothingElseIsRight() {
    waits("a", 0, 500, 100, "INVALID");
    isWrong("a wrong outcome");
  }
}
