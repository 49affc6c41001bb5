package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** All checks of a campaign's history, and its figures. */
public final class Verdict {
  private static final Duration LONGEST_LEASE = Duration.ofMillis(Limits.LONGEST_LEASE);

  /** What every waiter may be late. */
  private static final Duration LATENESS = Duration.ofSeconds(1);

  /**
   * What was promised, and to whom.
   *
   * @param elections the elections that must have a leader whenever all is well
   * @param lease what the lease of a key is like, from what was asked of it and the faults
   * @param refusedLate how long after the end of a lease its key may be refused
   * @param end of the campaign, on the clock of its events
   */
  public record Terms(
      Collection<String> elections,
      BiFunction<List<LeaseOperation>, List<Span>, SequentialLease> lease,
      Duration refusedLate,
      long end) {}

  private static final Duration BACKEND_TIMEOUT = Duration.ofMillis(Limits.LOCK_TIMEOUT);

  private final History history;
  private final Terms terms;
  private final List<String> violations = new ArrayList<>();
  private int judged;
  private int judgedOperations;

  /** Judges. */
  public Verdict(History history, Terms terms) {
    this.history = history;
    this.terms = terms;
    checks().values().forEach(check -> violations.addAll(check.get()));
  }

  /** All of them, by what has to hold. */
  Map<String, Supplier<List<String>>> checks() {
    Map<String, Supplier<List<String>>> all = new LinkedHashMap<>();
    all.put("exclusion", () -> Checks.exclusion(history, LONGEST_LEASE));
    all.put("one leader", () -> Checks.oneLeader(history, Limits.LEADER_LEASE));
    all.put(
        "some leader", () -> Checks.someLeader(history, terms.elections(), Limits.LEADER_WITHIN));
    all.put("take-overs", () -> Checks.takeOvers(history, Limits.LEADER_WITHIN));
    all.put("requests answered", () -> Checks.liveness(history, LATENESS, terms.end()));
    all.put("outcomes", () -> Outcomes.check(history, terms.refusedLate()));
    all.put("valid until their end", () -> ClaimChecks.notBeyondTheirEnd(history));
    all.put("not valid again", () -> ClaimChecks.notAgain(history));
    all.put("calls answered", () -> CallChecks.answered(history, LATENESS, terms.end()));
    all.put("terms ended", () -> CallChecks.endsTerms(history));
    all.put("elections obey", () -> CallChecks.electionsObey(history));
    all.put("releases", () -> CallChecks.releases(history));
    all.put("fences grow", () -> FenceChecks.fencesGrow(history));
    all.put("terms differ", () -> FenceChecks.termsDiffer(history));
    all.put("writes in order", () -> FenceChecks.writesInOrder(history));
    all.put("writes kept", () -> FenceChecks.writesKept(history));
    all.put("reads of the last write", () -> FenceChecks.readsOfLastWrite(history));
    all.put("reads received", () -> FenceChecks.readsReceived(history));
    all.put("valid holders write", () -> FenceChecks.validHoldersWrite(history, LONGEST_LEASE));
    all.put(
        "operations answered",
        () -> OperationChecks.answered(history, BACKEND_TIMEOUT, LATENESS, terms.end()));
    all.put("leases", this::leases);
    return all;
  }

  private List<String> leases() {
    List<History.Span> faults = history.spans(Event.Type.FAULT);
    List<History.Span> forgotten = history.spans(Event.Type.FORGETS);
    List<String> found = new ArrayList<>();
    history.operations().entrySet().stream()
        .filter(of -> !terms.elections().contains(of.getKey()))
        .forEach(
            of ->
                linearize(
                    of.getKey(),
                    terms.lease().apply(of.getValue(), faults),
                    LeaseHistories.parts(of.getValue(), forgotten, Limits.LATE, Limits.OFFER),
                    found));
    return found;
  }

  private void linearize(
      String key, SequentialLease lease, List<LeaseHistories.Part> parts, List<String> found) {
    for (LeaseHistories.Part part : parts) {
      judged += part.judged() > 0 ? 1 : 0;
      judgedOperations += part.judged();
      try {
        if (!LeaseLinearizability.holds(part.operations(), lease, part.beginnings())) {
          found.add(key + ": not the history of a lease: " + text(part.operations()));
        }
      } catch (IllegalStateException undecided) {
        found.add(key + ": " + undecided.getMessage() + ": " + text(part.operations()));
      }
    }
  }

  private static String text(List<LeaseOperation> operations) {
    return operations.stream()
        .sorted(Comparator.comparingLong(LeaseOperation::from))
        .map(LeaseOperation::toString)
        .collect(Collectors.joining("\n    ", "\n    ", ""));
  }

  public List<String> violations() {
    return violations;
  }

  public void violation(String what) {
    violations.add(what);
  }

  private long count(Event.Type type) {
    return history.of(type).count();
  }

  private static String distribution(List<Long> nanos) {
    if (nanos.isEmpty()) {
      return "none";
    }
    long[] sorted = nanos.stream().mapToLong(n -> n / 1_000_000).sorted().toArray();
    return sorted.length
        + " times, median "
        + sorted[(sorted.length - 1) / 2]
        + " ms, slowest "
        + sorted[sorted.length - 1]
        + " ms";
  }

  private String faults() {
    Map<String, Long> byKind =
        history
            .of(Event.Type.FAULT)
            .collect(Collectors.groupingBy(Event::outcome, TreeMap::new, Collectors.counting()));
    long all = byKind.values().stream().mapToLong(Long::longValue).sum();
    return all + " " + byKind;
  }

  public String figures(String store, long seed, Duration length) {
    Map<String, Long> answers =
        history
            .of(Event.Type.ANSWER)
            .collect(Collectors.groupingBy(Event::outcome, TreeMap::new, Collectors.counting()));
    long leaderships = history.terms().values().stream().mapToLong(List::size).sum();
    List<Long> healed =
        history.terms().keySet().stream()
            .flatMap(election -> Checks.leaderAfterHealing(history, election).stream())
            .toList();
    return String.join(
        "\n",
        "Chaos on " + store + ", seed " + seed + ", " + length.toSeconds() + " s:",
        "  faults: " + faults(),
        "  lock requests: " + count(Event.Type.ANSWER) + " " + answers,
        "  lease operations: "
            + count(Event.Type.OPERATE)
            + ", of which checked for"
            + " linearizability "
            + judgedOperations
            + " on "
            + judged
            + " parts of keys' histories",
        "  leaderships: "
            + leaderships
            + ", claims of leaders: "
            + count(Event.Type.LEADS)
            + ", claims of handles: "
            + count(Event.Type.CLAIM),
        "  fenced writes: "
            + count(Event.Type.WRITE)
            + " accepted, "
            + count(Event.Type.REFUSED)
            + " times stale",
        "  take-over from a leader that was killed: " + distribution(Checks.takeOverTimes(history)),
        "  a leader after all was healed: " + distribution(healed),
        "  violations: " + violations.size());
  }
}
