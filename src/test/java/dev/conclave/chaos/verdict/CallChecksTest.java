package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of elections and handles: good histories, and planted violations. In ms. */
class CallChecksTest {
  private static final String UNAVAILABLE = "BACKEND_UNAVAILABLE";

  private final List<Event> events = new ArrayList<>();
  private final History history = new History(events);

  private void add(
      String worker, Type type, String id, long at, long fence, long until, String outcome) {
    events.add(new Event(worker, type, "k", id, at * 1_000_000, fence, until * 1_000_000, outcome));
  }

  private void called(String what, String id, long at, long fence, long answered, String answer) {
    add("w", Type.CALL, id, at, fence, at + 100, what);
    add("w", Type.RETURN, id, answered, fence, 0, answer);
  }

  /** A handle that was asked for at 1000, is released at 5000, and is valid until then. */
  private List<String> released(String what, long until, String answer) {
    events.removeIf(e -> e.type() != Type.FORGETS && e.type() != Type.FAULT);
    add("w", Type.ASK, "a", 1_000, 0, 2_000, Labels.WAITS);
    add("w", Type.CLAIM, "a", 1_010, 1, until, "0");
    called(what, Labels.RELEASE + "a", 5_000, 1, 5_010, answer);
    return CallChecks.releases(history);
  }

  @Test
  void aValidHandleIsReleasedWithTrue() {
    assertThat(released(Labels.HELD, 6_000, "true")).isEmpty();
    assertThat(released(Labels.HELD, 6_000, "false")).hasSize(1);
  }

  @Test
  void aHandleWhoseTimeIsOverBeforeTheAnswerMayHaveBeenHeldOrNot() {
    assertThat(released(Labels.HELD, 5_009, "true")).isEmpty();
    assertThat(released(Labels.HELD, 5_009, "false")).isEmpty();
  }

  @Test
  void aHandleThatIsNotValidIsReleasedWithFalse() {
    assertThat(released(Labels.NOT_HELD, 4_000, "false")).isEmpty();
    assertThat(released(Labels.NOT_HELD, 4_000, "true")).hasSize(1);
    add(Labels.HARNESS, Type.FAULT, "", 4_000, 0, 5_000, "crash");
    assertThat(released(Labels.NOT_HELD, 4_000, UNAVAILABLE)).as("nothing is sent").hasSize(1);
  }

  @Test
  void aStoreThatForgotSinceTheLockWasAskedForExcusesFalse() {
    add(Labels.HARNESS, Type.FORGETS, "", 500, 0, 999, "FLUSHALL");
    assertThat(released(Labels.HELD, 6_000, "false")).as("before").hasSize(1);
    add(Labels.HARNESS, Type.FORGETS, "", 500, 0, 1_000, "FLUSHALL");
    assertThat(released(Labels.HELD, 6_000, "false")).isEmpty();
  }

  @Test
  void aReleaseFailsForAReason() {
    assertThat(released(Labels.HELD, 6_000, UNAVAILABLE)).hasSize(1);
    add(Labels.HARNESS, Type.FAULT, "", 4_000, 0, 5_005, "crash");
    assertThat(released(Labels.HELD, 6_000, UNAVAILABLE)).isEmpty();
    assertThat(released(Labels.HELD, 6_000, "LOST")).hasSize(1);
  }

  @Test
  void onlyAClosedServiceRefusesARelease() {
    String closed = "CLOSED";
    assertThat(released(Labels.HELD, 6_000, closed + Labels.GIVEN_UP)).isEmpty();
    assertThat(released(Labels.HELD, 6_000, closed)).hasSize(1);
  }

  @Test
  void resigningEndsTheTermThatWasLed() {
    called(Labels.RESIGN, "resign 1", 0, 7, 10, Labels.DONE);
    add("w", Type.LEADS, "w/7", 10, 7, 12, null);
    add("w", Type.LEADS, "w/8", 20, 8, 22, null);
    add("x", Type.LEADS, "x/7", 20, 7, 22, null);
    assertThat(CallChecks.endsTerms(history)).isEmpty();
    add("w", Type.LEADS, "w/7", 11, 7, 12, null);
    assertThat(CallChecks.endsTerms(history)).hasSize(1);
  }

  @Test
  void aStopEndsEveryTerm() {
    called(Labels.STOP, "stop 1", 0, 0, 10, Labels.DONE);
    assertThat(CallChecks.endsTerms(history)).isEmpty();
    add("w", Type.LEADS, "w/8", 20, 8, 22, null);
    assertThat(CallChecks.endsTerms(history)).hasSize(1);
  }

  @Test
  void electionsCarryOutTheirCalls() {
    called(Labels.STOP, "stop 1", 0, 0, 10, Labels.DONE);
    called(Labels.RESIGN, "resign 1", 0, 0, 10, "CLOSED");
    assertThat(CallChecks.electionsObey(history)).isEmpty();
    called(Labels.STOP, "stop 2", 0, 0, 10, "CLOSED");
    called(Labels.RESIGN, "resign 2", 0, 0, 10, UNAVAILABLE);
    assertThat(CallChecks.electionsObey(history)).hasSize(2);
  }

  @Test
  void callsAreAnsweredInTime() {
    called(Labels.STOP, "stop 1", 0, 0, 150, Labels.DONE);
    add("dead", Type.CALL, "stop 2", 0, 0, 100, Labels.STOP);
    add("dead", Type.FAULT, "", 90, 0, 95, "SIGKILL");
    assertThat(answered()).isEmpty();
    called(Labels.STOP, "stop 3", 0, 0, 151, Labels.DONE);
    add("w", Type.CALL, "stop 4", 0, 0, 100, Labels.STOP);
    assertThat(answered()).hasSize(2);
  }

  private List<String> answered() {
    return CallChecks.answered(history, Duration.ofMillis(50), 10_000_000_000L);
  }
}
