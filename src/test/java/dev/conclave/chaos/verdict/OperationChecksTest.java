package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Deadlines of operations, and fencing tokens of all that was granted. */
class OperationChecksTest {
  private final List<Event> events = new ArrayList<>();
  private final History history = new History(events);

  private void add(
      String worker, Type type, String id, long at, long fence, long until, String outcome) {
    events.add(new Event(worker, type, "k", id, at, fence, until, outcome));
  }

  private void granted(String id, String token, long from, long to, long fence) {
    add("w", Type.OPERATE, id, from, 0, 100, "ACQUIRE " + token);
    add("w", Type.OPERATED, id, to, fence, 0, "YES");
  }

  private List<String> answered() {
    return OperationChecks.answered(history, Duration.ofNanos(100), Duration.ofNanos(50), 1_000);
  }

  @Test
  void acceptsAnswersInTimeAndUnknownOutcomesToo() {
    granted("1", "a", 0, 150, 5);
    add("w", Type.OPERATE, "2", 0, 0, 0, "EXTEND a");
    add("w", Type.OPERATED, "2", 150, 0, 0, "UNKNOWN");
    add("w", Type.OPERATE, "3", 850, 0, 0, "EXTEND a");
    assertThat(answered()).isEmpty();
  }

  @Test
  void findsLateAnswers() {
    granted("1", "a", 0, 151, 5);
    assertThat(answered()).hasSize(1);
  }

  @Test
  void findsMissingAnswers() {
    add("w", Type.OPERATE, "1", 849, 0, 0, "EXTEND a");
    assertThat(answered()).hasSize(1);
  }

  @Test
  void excusesOfAKilledProcessOnlyWhatWasNotOverdue() {
    add("w", Type.FAULT, "", 300, 0, 500, "SIGKILL");
    add("w", Type.OPERATE, "1", 150, 0, 0, "EXTEND a");
    assertThat(answered()).isEmpty();
    add("w", Type.OPERATE, "2", 149, 0, 0, "EXTEND a");
    assertThat(answered()).as("it is unknown whether it still ran").isEmpty();
    add("w", Type.OPERATE, "3", 300, 0, 0, "EXTEND a");
    assertThat(answered()).hasSize(1);
    add("w", Type.FAULT, "", 160, 0, 200, "SIGSTOP");
    assertThat(answered()).as("it was paused before").isEmpty();
  }

  @Test
  void excusesNoOtherProcessForAKilledOne() {
    add("other", Type.FAULT, "", 300, 0, 500, "SIGKILL");
    add("w", Type.OPERATE, "1", 200, 0, 0, "EXTEND a");
    assertThat(answered()).hasSize(1);
  }

  @Test
  void doesNotCountWhatAProcessSleptThrough() {
    granted("1", "a", 0, 200, 5);
    add("w", Type.STALL, "", 20, 0, 70, null);
    assertThat(answered()).isEmpty();
    add("other", Type.STALL, "", 0, 0, 200, null);
    granted("2", "a", 0, 201, 5);
    assertThat(answered()).hasSize(1);
  }

  @Test
  void fencesGrowOverAllThatWasGranted() {
    granted("1", "a", 0, 10, 5);
    granted("2", "a", 20, 30, 5);
    granted("3", "b", 40, 50, 6);
    assertThat(FenceChecks.fencesGrow(history)).isEmpty();
    granted("4", "a", 60, 70, 5);
    assertThat(FenceChecks.fencesGrow(history)).as("the same holding again").isEmpty();
    granted("5", "c", 80, 90, 4);
    assertThat(FenceChecks.fencesGrow(history)).as("a new one").hasSize(1);
    granted("6", "a", 95, 99, 3);
    assertThat(FenceChecks.fencesGrow(history)).as("a new one of an old token").hasSize(2);
  }

  @Test
  void aHoldingMayHaveBegunWithARequestThatWasNotAnswered() {
    granted("1", "b", 20, 30, 6);
    granted("2", "a", 40, 50, 5);
    assertThat(FenceChecks.fencesGrow(history)).hasSize(1);
    add("w", Type.OPERATE, "3", 25, 0, 100, "ACQUIRE a");
    assertThat(FenceChecks.fencesGrow(history)).isEmpty();
  }

  @Test
  void noFenceIsGrantedToTwoTokens() {
    granted("1", "a", 0, 10, 5);
    granted("2", "b", 5, 15, 5);
    assertThat(FenceChecks.fencesGrow(history)).hasSize(1);
  }
}
