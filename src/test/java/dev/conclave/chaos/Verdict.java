package dev.conclave.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** All checks of a campaign's history, and its figures. */
final class Verdict {
  private static final Duration LONGEST_LEASE = Duration.ofMillis(LockClient.LONGEST_LEASE);

  /** What every waiter may be late. */
  private static final Duration LATENESS = Duration.ofSeconds(1);

  private final History history;
  private final List<String> violations = new ArrayList<>();
  private int judged;
  private int judgedOperations;
  private int forgottenKeys;

  /**
   * Judges.
   *
   * @param elections which elections somebody has to lead in the end
   * @param killed workers that can not have answered
   * @param expiry by how much leases may expire late
   * @param healing how long it may take to find a leader when all is healed, or another one
   */
  Verdict(
      History history,
      Collection<String> elections,
      Collection<String> killed,
      Duration expiry,
      Duration healing) {
    this.history = history;
    violations.addAll(Checks.exclusion(history, LONGEST_LEASE));
    violations.addAll(Checks.oneLeader(history, ElectionClient.LEASE));
    violations.addAll(Checks.someLeader(history, elections, healing));
    violations.addAll(Checks.takeOvers(history, healing));
    violations.addAll(Checks.liveness(history, killed, LATENESS, System.nanoTime()));
    violations.addAll(Checks.outcomes(history));
    violations.addAll(FenceChecks.fencesGrow(history));
    violations.addAll(FenceChecks.termsDiffer(history));
    violations.addAll(FenceChecks.writesInOrder(history));
    violations.addAll(FenceChecks.writesKept(history));
    violations.addAll(FenceChecks.validHoldersWrite(history, LONGEST_LEASE));
    history.operations().forEach((key, operations) -> linearize(key, operations, expiry));
  }

  /** A key whose lease the store may have forgotten has no sequential story. */
  private void linearize(String key, List<LeaseOperation> operations, Duration expiry) {
    long from = operations.stream().mapToLong(LeaseOperation::from).min().orElseThrow();
    long to =
        operations.stream()
            .mapToLong(o -> o.to() == Long.MAX_VALUE ? o.from() : o.to())
            .max()
            .orElseThrow();
    if (history.spans(Event.Type.FORGETS).stream().anyMatch(f -> f.overlaps(from, to))) {
      forgottenKeys++;
      return;
    }
    judged++;
    judgedOperations += operations.size();
    try {
      if (!LeaseLinearizability.holds(operations, expiry.toNanos())) {
        violations.add(key + ": not the history of a lease: " + told(operations));
      }
    } catch (IllegalStateException undecided) {
      violations.add(key + ": " + undecided.getMessage() + ": " + told(operations));
    }
  }

  private static String told(List<LeaseOperation> operations) {
    return operations.stream()
        .sorted(Comparator.comparingLong(LeaseOperation::from))
        .map(LeaseOperation::toString)
        .collect(Collectors.joining("\n    ", "\n    ", ""));
  }

  List<String> violations() {
    return violations;
  }

  void violation(String what) {
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
        + sorted[sorted.length / 2]
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

  String figures(String store, long seed, Duration length) {
    Map<String, Long> answers =
        history
            .of(Event.Type.ANSWER)
            .collect(Collectors.groupingBy(Event::outcome, TreeMap::new, Collectors.counting()));
    long terms = history.terms().values().stream().mapToLong(List::size).sum();
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
            + " keys ("
            + forgottenKeys
            + " keys met a forgetful store)",
        "  leaderships: "
            + terms
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
