package dev.conclave.chaos;

import dev.conclave.chaos.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** All checks of a campaign's history, and its figures. */
final class Verdict {
  private static final Duration LONGEST_LEASE = Duration.ofMillis(LockClient.LONGEST_LEASE);

  /** What every waiter may be late: what is promised, and what a busy machine adds. */
  private static final Duration LATENESS = Duration.ofMillis(1_000).plus(Duration.ofMillis(1_000));

  /** What backends and lock services are configured with. */
  private static final Duration BACKEND_TIMEOUT = Duration.ofMillis(1_000);

  private static final Duration ANSWERS_LATE = Duration.ofMillis(1_000);

  private final History history;
  private final List<String> violations = new ArrayList<>();
  private int judged;
  private int judgedOperations;

  /**
   * Judges.
   *
   * @param elections which elections somebody has to lead in the end
   * @param leases what leases are like, from what was asked and the faults
   * @param healing how long it may take to find a leader after the last fault
   */
  Verdict(
      History history,
      Collection<String> elections,
      BiFunction<List<LeaseOperation>, List<Span>, SequentialLease> leases,
      Duration healing) {
    this.history = history;
    violations.addAll(Checks.exclusion(history, LONGEST_LEASE));
    violations.addAll(Checks.oneLeader(history, ElectionClient.LEASE));
    violations.addAll(Checks.someLeader(history, elections, healing));
    violations.addAll(Checks.takeOvers(history, healing));
    violations.addAll(Checks.liveness(history, LATENESS, System.nanoTime()));
    violations.addAll(Checks.outcomes(history));
    violations.addAll(FenceChecks.fencesGrow(history));
    violations.addAll(FenceChecks.termsDiffer(history));
    violations.addAll(FenceChecks.writesInOrder(history));
    violations.addAll(FenceChecks.writesKept(history));
    violations.addAll(FenceChecks.validHoldersWrite(history, LONGEST_LEASE));
    violations.addAll(
        OperationChecks.answered(history, BACKEND_TIMEOUT, ANSWERS_LATE, System.nanoTime()));
    history.operations().entrySet().stream()
        .filter(of -> !elections.contains(of.getKey()))
        .forEach(of -> linearize(of.getKey(), of.getValue(), leases));
  }

  private void linearize(
      String key,
      List<LeaseOperation> operations,
      BiFunction<List<LeaseOperation>, List<Span>, SequentialLease> leases) {
    SequentialLease lease = leases.apply(operations, history.spans(Event.Type.FAULT));
    for (LeaseHistories.Part part :
        LeaseHistories.parts(
            operations, history.spans(Event.Type.FORGETS), ChaosStore.LATE, ChaosStore.OFFER)) {
      judged += part.judged() > 0 ? 1 : 0;
      judgedOperations += part.judged();
      try {
        if (!LeaseLinearizability.holds(part.operations(), lease, part.beginnings())) {
          violations.add(key + ": not the history of a lease: " + told(part.operations()));
        }
      } catch (IllegalStateException undecided) {
        violations.add(key + ": " + undecided.getMessage() + ": " + told(part.operations()));
      }
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

  private long slowestTakeOver() {
    return history
        .of(Event.Type.TAKEN_OVER)
        .mapToLong(e -> (e.until() - e.at()) / 1_000_000)
        .max()
        .orElseThrow();
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
    String healed =
        new TreeSet<>(history.terms().keySet())
            .stream()
                .map(e -> Checks.leaderAfterHealing(history, e) / 1_000_000 + " ms")
                .collect(Collectors.joining(", "));
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
        "  slowest take-over from a leader that was killed: "
            + slowestTakeOver()
            + " ms"
            + "; a leader after the last healing: "
            + healed,
        "  violations: " + violations.size());
  }
}
