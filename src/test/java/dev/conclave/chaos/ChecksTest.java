package dev.conclave.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The checks themselves: each accepts a good history and finds its planted violation. */
class ChecksTest {
  private final List<Event> history = new ArrayList<>();

  private void add(
      String worker, Type type, String id, long at, long fence, long until, String outcome) {
    history.add(new Event(worker, type, "k", id, at, fence, until, outcome));
  }

  private void held(String worker, String id, long from, long until, long ended, long fence) {
    add(worker, Type.CLAIM, id, from, fence, until, null);
    if (ended > 0) {
      add(worker, Type.END, id, ended, fence, 0, null);
    }
  }

  private void granted(String id, long asked, long answered, long fence) {
    add("w", Type.ASK, id, asked, 0, answered, null);
    add("w", Type.ANSWER, id, answered, fence, 0, "granted");
  }

  @Test
  void exclusionAcceptsHandlesOneAfterTheOther() {
    held("w1", "a", 0, 100, 50, 1);
    held("w2", "b", 50, 150, 0, 2);
    held("w1", "c", 150, 250, 0, 3);
    assertThat(Checks.exclusion(history)).isEmpty();
  }

  @Test
  void exclusionFindsTwoValidHandles() {
    held("w1", "a", 0, 100, 0, 1);
    held("w1", "a", 60, 200, 0, 1);
    held("w2", "b", 150, 180, 0, 2);
    assertThat(Checks.exclusion(history)).hasSize(1);
  }

  @Test
  void oneLeaderFindsTwo() {
    history.add(new Event("w1", Type.LEADS, "e", "1", 0, 1, 10, null));
    history.add(new Event("w2", Type.LEADS, "e", "2", 10, 2, 20, null));
    assertThat(Checks.oneLeader(history)).isEmpty();
    history.add(new Event("w1", Type.LEADS, "e", "1", 15, 1, 16, null));
    assertThat(Checks.oneLeader(history)).hasSize(1);
  }

  @Test
  void someLeaderFindsThatNobodyLed() {
    history.add(new Event("w1", Type.LEADS, "e", "1", 0, 1, 10, null));
    history.add(new Event("h", Type.HEALED, "", "", 100, 0, 0, null));
    history.add(new Event("w1", Type.LEADS, "e", "2", 400, 1, 410, null));
    assertThat(Checks.someLeader(history, Set.of("e"), Duration.ofNanos(300))).isEmpty();
    assertThat(Checks.someLeader(history, Set.of("e"), Duration.ofNanos(299))).hasSize(1);
  }

  @Test
  void fencesGrowFindsOneThatDoesNot() {
    granted("a", 0, 10, 5);
    granted("b", 5, 15, 4);
    granted("c", 20, 30, 6);
    assertThat(Checks.fencesGrow(history)).isEmpty();
    granted("d", 40, 50, 3);
    assertThat(Checks.fencesGrow(history)).hasSize(1);
  }

  @Test
  void fencesGrowFindsOneThatIsGivenTwice() {
    granted("a", 0, 100, 5);
    granted("b", 0, 100, 5);
    assertThat(Checks.fencesGrow(history)).hasSize(1);
  }

  @Test
  void writesInOrderFindsAStaleWrite() {
    add("w", Type.WRITE, "1", 1, 5, 0, null);
    add("w", Type.WRITE, "2", 2, 5, 0, null);
    add("w", Type.WRITE, "3", 3, 7, 0, null);
    assertThat(Checks.writesInOrder(history)).isEmpty();
    add("w", Type.WRITE, "4", 4, 6, 0, null);
    assertThat(Checks.writesInOrder(history)).hasSize(1);
  }

  @Test
  void livenessFindsLateAndMissingAnswers() {
    granted("a", 0, 10, 5);
    add("dead", Type.ASK, "b", 0, 0, 10, null);
    add("w", Type.ASK, "young", 990, 0, 1_100, null);
    assertThat(Checks.liveness(history, Set.of("dead"), Duration.ofNanos(50), 1_000)).isEmpty();
    add("w", Type.ASK, "late", 0, 0, 10, null);
    add("w", Type.ANSWER, "late", 61, 0, 0, "TIMEOUT");
    add("w", Type.ASK, "missing", 0, 0, 10, null);
    assertThat(Checks.liveness(history, Set.of("dead"), Duration.ofNanos(50), 1_000)).hasSize(2);
  }

  @Test
  void eventsSurviveTheirEncoding() {
    Event event = new Event("w", Type.CLAIM, "k", "id", 1, 2, 3, "granted");
    assertThat(Event.decode(event.encode())).isEqualTo(event);
  }
}
