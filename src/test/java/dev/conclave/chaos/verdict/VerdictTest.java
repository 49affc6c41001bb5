package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The verdict asks every check: each has one planted violation that no other one finds, in a
 * history that is clean otherwise. Times are in ms.
 */
class VerdictTest {
  private static final String ELECTION = "election-0";
  private static final String RESIGN = Labels.RESIGN + " 1";

  private final List<Event> events = new ArrayList<>();

  private VerdictTest add(
      String worker, Type type, String key, String id, long at, long fence, long until, String o) {
    events.add(new Event(worker, type, key, id, at * 1_000_000, fence, until * 1_000_000, o));
    return this;
  }

  private void granted(String id, long asked, long answered, long fence) {
    add("w1", Type.ASK, "lock", id, asked, 1_000_000_000, asked + 1_000, Labels.WAITS);
    add("w1", Type.ANSWER, "lock", id, answered, fence, 0, "granted");
  }

  private void claims(String id, String key, long at, long until) {
    add("w1", Type.CLAIM, key, id, at, 10, until, Long.toString(until * 1_000_000));
  }

  private void leads(String worker, long term, long from, long to) {
    String id = worker + "/" + term;
    add(worker, Type.LEADS, ELECTION, id, from, term, from + 1, null);
    add(worker, Type.LEADS, ELECTION, id, to - 1, term, to, null);
  }

  private void called(String what, String key, long at, long fence, String id, String answer) {
    add("w1", Type.CALL, key, id, at, fence, at + 1_000, what);
    add("w1", Type.RETURN, key, id, at + 10, fence, 0, answer);
  }

  private void operated(String id, long at, long fence, String what, String answer) {
    add("w1", Type.OPERATE, "lease", id, at, 0, 500, what);
    add("w1", Type.OPERATED, "lease", id, at + 5, fence, 0, answer);
  }

  private static VerdictTest clean() {
    VerdictTest history = new VerdictTest();
    history.granted("a", 0, 10, 10);
    history.claims("a", "lock", 10, 900);
    history.add("w1", Type.VALID, "lock", "a", 11, 10, 12, null);
    history.add("h", Type.READ, "register lock", "a", 0, 10, 0, "0");
    history.add("w1", Type.RECEIVED, "register lock", "a", 20, 10, 21, "0");
    history.events.add(new Event("h", Type.WRITE, "register lock", "a", 1, 10, 0, "1"));
    history.add("w1", Type.WROTE, "register lock", "a", 22, 10, 23, "1");
    history.add("w1", Type.END, "lock", "a", 490, 10, 0, "released");
    history.called(Labels.HELD, "lock", 500, 10, Labels.RELEASE + "a", "true");
    history.add("w1", Type.INVALID, "lock", "a", 511, 10, 512, null);
    history.granted("b", 5, 520, 20);
    history.add("w1", Type.REFUSED, "lock", "a", 505, 10, 530, "register");
    history.leads("w1", 1, 0, 1_000);
    history.called(Labels.RESIGN, ELECTION, 990, 1, RESIGN, Labels.DONE);
    history.leads("w2", 2, 1_500, 6_000);
    history.add("h", Type.HEALED, "", "", 5_000, 0, 0, null);
    history.add("h", Type.TAKEN_OVER, ELECTION, "w0", 500, 0, 1_500, null);
    history.operated("1", 0, 10, "ACQUIRE t", "YES");
    history.operated("2", 100, 0, "RELEASE t", "YES");
    return history;
  }

  /** By the name of the check that has to find it. */
  private static Map<String, Consumer<VerdictTest>> planted() {
    Map<String, Consumer<VerdictTest>> all = new LinkedHashMap<>();
    all.put("exclusion", h -> h.claims("z", "lock", 100, 200));
    all.put("one leader", h -> h.leads("w3", 9, 100, 200));
    all.put("some leader", h -> h.add("h", Type.HEALED, "", "", 60_000, 0, 0, null));
    all.put("take-overs", h -> h.add("h", Type.TAKEN_OVER, ELECTION, "w0", 700, 0, 0, null));
    all.put(
        "requests answered", h -> h.add("w1", Type.ASK, "lock", "z", 0, 1, 1_000, Labels.WAITS));
    all.put(
        "outcomes",
        h ->
            h.add("w1", Type.ASK, "lock", "z", 0, 1, 1_000, Labels.WAITS)
                .add("w1", Type.ANSWER, "lock", "z", 10, 0, 0, "INVALID"));
    all.put(
        "valid until their end",
        h -> {
          h.claims("z", "other", 0, 100);
          h.add("w1", Type.VALID, "other", "z", 102, 10, 103, null);
        });
    all.put(
        "not valid again",
        h -> {
          h.claims("z", "other", 0, 100);
          h.add("w1", Type.INVALID, "other", "z", 50, 10, 51, null);
          h.add("w1", Type.VALID, "other", "z", 60, 10, 61, null);
        });
    all.put(
        "calls answered",
        h -> h.add("w1", Type.CALL, ELECTION, "stop 1", 900, 0, 1_000, Labels.STOP));
    all.put("terms ended", h -> h.leads("w1", 1, 1_010, 1_020));
    all.put("elections obey", h -> h.called(Labels.RESIGN, ELECTION, 990, 99, "resign 2", "LOST"));
    all.put(
        "releases",
        h -> {
          h.claims("z", "other", 0, 200);
          h.called(Labels.HELD, "other", 100, 10, Labels.RELEASE + "z", "false");
        });
    all.put("fences grow", h -> h.granted("z", 600, 610, 15));
    all.put("terms differ", h -> h.leads("w3", 1, 20_000, 21_000));
    all.put("writes in order", h -> h.add("h", Type.WRITE, "register lock", "z", 2, 9, 0, "2"));
    all.put("writes kept", h -> h.add("w1", Type.WROTE, "register lock", "a", 24, 10, 25, "2"));
    all.put(
        "reads of the last write", h -> h.add("h", Type.READ, "register lock", "z", 2, 10, 0, "0"));
    all.put(
        "reads received", h -> h.add("w1", Type.RECEIVED, "register lock", "a", 24, 10, 25, "2"));
    all.put(
        "valid holders write",
        h -> h.add("w1", Type.REFUSED, "lock", "a", 100, 10, 110, "register"));
    all.put(
        "operations answered",
        h -> h.add("w1", Type.OPERATE, ELECTION, "z", 500, 0, 500, "EXTEND t"));
    all.put("leases", h -> h.operated("3", 200, 0, "EXTEND t", "YES"));
    return all;
  }

  static Stream<String> checks() {
    return planted().keySet().stream();
  }

  private Verdict verdict() {
    Verdict.Terms terms =
        new Verdict.Terms(
            Set.of(ELECTION),
            (all, faults) -> new LeaseModel(all, Limits.LATE, Limits.OFFER, List.of()),
            Duration.ofMillis(20),
            100_000_000_000L);
    return new Verdict(new History(events), terms);
  }

  @Test
  void aCleanHistoryHasNoViolation() {
    assertThat(clean().verdict().violations()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("checks")
  void whatIsPlantedIsFoundByItsCheckAndNoOther(String check) {
    VerdictTest history = clean();
    planted().get(check).accept(history);
    Verdict verdict = history.verdict();
    assertThat(verdict.violations()).hasSize(1);
    assertThat(verdict.checks().get(check).get()).isEqualTo(verdict.violations());
  }

  @Test
  void everyCheckHasItsPlantedViolation() {
    assertThat(clean().verdict().checks().keySet()).isEqualTo(planted().keySet());
  }
}
