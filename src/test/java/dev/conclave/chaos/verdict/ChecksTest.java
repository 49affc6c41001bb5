package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The checks themselves: each accepts a good history and finds its planted violation. */
class ChecksTest {
  private static final Duration LEASE = Duration.ofNanos(100);

  private final List<Event> events = new ArrayList<>();
  private final History history = new History(events);

  private void add(
      String worker, Type type, String id, long at, long fence, long until, String outcome) {
    events.add(new Event(worker, type, "k", id, at, fence, until, outcome));
  }

  private void held(String worker, String id, long from, long until, long ended, long fence) {
    add(worker, Type.CLAIM, id, from, fence, until, "" + until);
    if (ended > 0) {
      add(worker, Type.END, id, ended, fence, 0, null);
    }
  }

  private void granted(String id, long asked, long answered, long fence) {
    add("w", Type.ASK, id, asked, 0, answered, null);
    add("w", Type.ANSWER, id, answered, fence, 0, "granted");
  }

  private void leads(String worker, String term, long at, long fence) {
    add(worker, Type.LEADS, term, at, fence, at + 1, null);
  }

  private void forgets(long from, long to) {
    add("store", Type.FORGETS, "", from, 0, to, "FLUSHALL");
  }

  private List<String> exclusion() {
    return Checks.exclusion(history, LEASE);
  }

  @Test
  void exclusionAcceptsHandlesOneAfterTheOther() {
    held("w1", "a", 0, 100, 50, 1);
    held("w2", "b", 50, 150, 0, 2);
    held("w1", "c", 150, 250, 0, 3);
    assertThat(exclusion()).isEmpty();
  }

  @Test
  void exclusionFindsTwoValidHandles() {
    held("w1", "a", 0, 100, 0, 1);
    held("w1", "a", 60, 200, 0, 1);
    held("w2", "b", 150, 180, 0, 2);
    assertThat(exclusion()).hasSize(1);
  }

  @Test
  void exclusionFindsAHandleThatOverlapsAnEarlierOneAndNotALaterOne() {
    held("w1", "a", 0, 1_000, 0, 1);
    held("w2", "b", 100, 120, 0, 2);
    held("w3", "c", 200, 220, 0, 3);
    assertThat(exclusion()).hasSize(2);
  }

  @Test
  void aStoreThatForgetsExcusesOverlapsForOneLeaseAndNoOthers() {
    forgets(50, 60);
    held("w1", "a", 0, 90, 0, 1);
    held("w2", "b", 55, 160, 0, 2);
    assertThat(exclusion()).isEmpty();
    held("w3", "c", 150, 170, 0, 3);
    assertThat(exclusion()).as("it ends within a lease of the forgetting").isEmpty();
    held("w4", "d", 155, 165, 0, 4);
    assertThat(exclusion()).as("longer than a lease after").hasSize(1);
  }

  @Test
  void anOverlapThatBeganBeforeTheStoreForgotIsAViolation() {
    held("w1", "a", 0, 90, 0, 1);
    held("w2", "b", 45, 80, 0, 2);
    forgets(50, 60);
    assertThat(exclusion()).hasSize(1);
  }

  @Test
  void oneLeaderFindsTwo() {
    leads("w1", "1", 0, 1);
    leads("w1", "1", 10, 1);
    leads("w2", "2", 11, 2);
    leads("w2", "2", 20, 2);
    assertThat(Checks.oneLeader(history, LEASE)).isEmpty();
    leads("w3", "3", 15, 3);
    assertThat(Checks.oneLeader(history, LEASE)).hasSize(1);
  }

  @Test
  void someLeaderFindsThatNoWorkerLed() {
    leads("w1", "1", 0, 1);
    add("h", Type.HEALED, "", 100, 0, 0, null);
    leads("w1", "2", 399, 1);
    assertThat(someLeader("k", 300)).isEmpty();
    assertThat(someLeader("k", 299)).hasSize(1);
    assertThat(someLeader("other", 300)).hasSize(1);
  }

  @Test
  void someLeaderJudgesEveryHealing() {
    add("h", Type.HEALED, "", 100, 0, 0, null);
    leads("w1", "1", 399, 1);
    add("h", Type.HEALED, "", 500, 0, 0, null);
    leads("w1", "1", 600, 1);
    assertThat(someLeader("k", 299)).as("the first one").hasSize(1);
    add("h", Type.HEALED, "", 700, 0, 0, null);
    assertThat(someLeader("k", 300)).as("the last one").hasSize(1);
  }

  @Test
  void someLeaderDoesNotCountTimeInWhichAProcessDidNotRun() {
    add("h", Type.HEALED, "", 100, 0, 0, null);
    leads("w1", "1", 399, 1);
    add("w2", Type.STALL, "", 50, 0, 150, null);
    assertThat(someLeader("k", 250)).isEmpty();
    assertThat(someLeader("k", 249)).hasSize(1);
  }

  private List<String> someLeader(String election, long within) {
    return Checks.someLeader(history, Set.of(election), Duration.ofNanos(within));
  }

  @Test
  void takeOversFindsLateAndMissingOnes() {
    add("h", Type.TAKEN_OVER, "", 100, 0, 300, null);
    assertThat(Checks.takeOvers(history, Duration.ofNanos(200))).isEmpty();
    assertThat(Checks.takeOvers(history, Duration.ofNanos(199))).hasSize(1);
    add("h", Type.TAKEN_OVER, "", 100, 0, 0, null);
    assertThat(Checks.takeOvers(history, Duration.ofNanos(200))).hasSize(1);
    add("w", Type.STALL, "", 90, 0, 150, null);
    assertThat(Checks.takeOvers(history, Duration.ofNanos(150))).hasSize(1);
    assertThat(Checks.takeOvers(history, Duration.ofNanos(149))).hasSize(2);
  }

  @Test
  void fencesGrowFindsOneThatDoesNot() {
    granted("a", 0, 10, 5);
    granted("b", 5, 15, 4);
    granted("c", 20, 30, 6);
    assertThat(FenceChecks.fencesGrow(history)).isEmpty();
    granted("d", 40, 50, 3);
    assertThat(FenceChecks.fencesGrow(history)).hasSize(1);
  }

  @Test
  void fencesGrowFindsOneThatIsGivenTwiceEvenByAStoreThatForgot() {
    forgets(0, 1_000);
    granted("a", 0, 100, 5);
    granted("b", 0, 100, 5);
    assertThat(FenceChecks.fencesGrow(history)).hasSize(1);
  }

  @Test
  void termsDifferFindsANumberOfTwoLeaderships() {
    leads("w1", "1", 0, 1);
    leads("w1", "1", 10, 1);
    leads("w2", "2", 20, 2);
    assertThat(FenceChecks.termsDiffer(history)).isEmpty();
    leads("w3", "3", 30, 2);
    assertThat(FenceChecks.termsDiffer(history)).hasSize(1);
  }

  @Test
  void writesInOrderFindsAStaleWrite() {
    add("w", Type.WRITE, "1", 1, 5, 0, "1");
    add("w", Type.WRITE, "2", 2, 5, 0, "2");
    add("w", Type.WRITE, "3", 3, 7, 0, "3");
    assertThat(FenceChecks.writesInOrder(history)).isEmpty();
    add("w", Type.WRITE, "4", 4, 6, 0, "4");
    assertThat(FenceChecks.writesInOrder(history)).hasSize(1);
  }

  @Test
  void writesInOrderFindsALostUpdate() {
    add("w", Type.WRITE, "1", 1, 5, 0, "1");
    add("w", Type.WRITE, "2", 2, 6, 0, "1");
    assertThat(FenceChecks.writesInOrder(history)).hasSize(1);
  }

  @Test
  void writesKeptFindsOneThatIsGone() {
    add("register", Type.WRITE, "1", 1, 5, 0, "1");
    add("w", Type.WROTE, "1", 0, 5, 3, "1");
    assertThat(FenceChecks.writesKept(history)).isEmpty();
    add("w", Type.WROTE, "2", 4, 5, 5, "2");
    assertThat(FenceChecks.writesKept(history)).hasSize(1);
  }

  @Test
  void writesInOrderFindsAStaleReader() {
    add("register", Type.READ, "1", 1, 7, 0, "0");
    assertThat(FenceChecks.writesInOrder(history)).isEmpty();
    add("register", Type.WRITE, "2", 2, 6, 0, "1");
    assertThat(FenceChecks.writesInOrder(history)).hasSize(1);
  }

  @Test
  void readsOfLastWriteFindsAnOldValue() {
    add("register", Type.READ, "1", 1, 5, 0, "0");
    add("register", Type.WRITE, "1", 2, 5, 0, "1");
    add("register", Type.READ, "2", 3, 6, 0, "1");
    assertThat(FenceChecks.readsOfLastWrite(history)).isEmpty();
    add("register", Type.READ, "3", 4, 7, 0, "0");
    assertThat(FenceChecks.readsOfLastWrite(history)).hasSize(1);
  }

  @Test
  void readsReceivedFindsAValueThatWasNotRead() {
    add("register", Type.READ, "1", 1, 5, 0, "3");
    add("w", Type.RECEIVED, "1", 0, 5, 3, "3");
    assertThat(FenceChecks.readsReceived(history)).isEmpty();
    add("w", Type.RECEIVED, "1", 4, 5, 5, "4");
    assertThat(FenceChecks.readsReceived(history)).hasSize(1);
  }

  @Test
  void validHoldersWriteFindsOneThatIsRefused() {
    held("w", "a", 0, 100, 0, 1);
    add("w", Type.REFUSED, "a", 95, 1, 105, "register");
    assertThat(FenceChecks.validHoldersWrite(history, LEASE)).as("valid no more").isEmpty();
    add("w", Type.REFUSED, "a", 10, 1, 20, "register");
    assertThat(FenceChecks.validHoldersWrite(history, LEASE)).hasSize(1);
    forgets(5, 8);
    assertThat(FenceChecks.validHoldersWrite(history, LEASE)).isEmpty();
  }

  @Test
  void livenessFindsLateAndMissingAnswers() {
    granted("a", 0, 10, 5);
    add("dead", Type.FAULT, "", 60, 0, 200, "SIGKILL");
    add("dead", Type.ASK, "b", 0, 0, 10, null);
    add("w", Type.ASK, "young", 990, 0, 1_100, null);
    assertThat(liveness()).isEmpty();
    add("w", Type.ASK, "late", 0, 0, 10, null);
    add("w", Type.ANSWER, "late", 61, 0, 0, "TIMEOUT");
    add("w", Type.ASK, "missing", 0, 0, 10, null);
    assertThat(liveness()).hasSize(2);
  }

  @Test
  void livenessDoesNotCountWhatAProcessSleptThroughAndCountsItOnce() {
    add("w", Type.ASK, "late", 0, 0, 10, null);
    add("w", Type.ANSWER, "late", 100, 0, 0, "TIMEOUT");
    add("w", Type.STALL, "", 20, 0, 60, null);
    assertThat(liveness()).isEmpty();
    events.remove(2);
    add("w", Type.STALL, "", 20, 0, 50, null);
    add("w", Type.STALL, "", 20, 0, 50, null);
    add("other", Type.STALL, "", 0, 0, 100, null);
    assertThat(liveness()).hasSize(1);
  }

  private List<String> liveness() {
    return Checks.liveness(history, Duration.ofNanos(50), 1_000);
  }

  @Test
  void eventsSurviveTheirEncoding() {
    Event event = new Event("w", Type.CLAIM, "k", "id", 1, 2, 3, "granted");
    assertThat(Event.decode(event.encode())).isEqualTo(event);
  }
}
