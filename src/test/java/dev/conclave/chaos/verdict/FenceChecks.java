package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a history has to satisfy about fencing tokens, whatever the store forgot. */
final class FenceChecks {
  private FenceChecks() {}

  /**
   * Fencing tokens grow in real-time order: a grant that was asked for after another was answered
   * has the greater token; and no token is given twice. Who is granted again what it holds has the
   * same one again, which is the lease's affair and not looked at here.
   */
  static List<String> fencesGrow(History history) {
    List<String> violations = new ArrayList<>();
    Stream.of(history.grants(), history.holdings())
        .flatMap(all -> all.entrySet().stream())
        .forEach(
            of -> {
              String key = of.getKey();
              List<Span> grants = of.getValue();
              violations.addAll(grow(key, grants));
              grants.stream().collect(Collectors.groupingBy(Span::fence)).values().stream()
                  .filter(same -> same.size() > 1)
                  .forEach(same -> violations.add(key + ": one fencing token for " + same));
            });
    return violations;
  }

  private static List<String> grow(String key, List<Span> grants) {
    List<String> violations = new ArrayList<>();
    grants.sort(Comparator.comparingLong(Span::from));
    List<Span> byEnd = new ArrayList<>(grants);
    byEnd.sort(Comparator.comparingLong(Span::to));
    Span greatest = null;
    int ended = 0;
    for (Span grant : grants) {
      for (; ended < byEnd.size() && byEnd.get(ended).to() < grant.from(); ended++) {
        Span done = byEnd.get(ended);
        greatest = greatest == null || done.fence() > greatest.fence() ? done : greatest;
      }
      if (greatest != null && grant.fence() <= greatest.fence()) {
        violations.add(key + ": " + grant + " was asked for after " + greatest + " was granted");
      }
    }
    return violations;
  }

  /** No two leaderships of one election have the same number. */
  static List<String> termsDiffer(History history) {
    List<String> violations = new ArrayList<>();
    history
        .terms()
        .forEach(
            (key, terms) ->
                terms.stream().collect(Collectors.groupingBy(Span::fence)).values().stream()
                    .filter(same -> same.size() > 1)
                    .forEach(same -> violations.add(key + ": one number for " + same)));
    return violations;
  }

  /**
   * What is accepted, reads too, is in the order of the fencing tokens, and no write was
   * overwritten unseen.
   */
  static List<String> writesInOrder(History history) {
    List<String> violations = new ArrayList<>();
    history
        .byKey(Event.Type.WRITE, Event.Type.READ)
        .forEach(
            (key, writes) -> {
              writes.sort(Comparator.comparingLong(Event::at));
              long value = 0;
              long fence = 0;
              for (Event write : writes) {
                if (write.fence() < fence) {
                  violations.add(
                      key + ": accepted after the fencing token " + fence + ": " + write);
                }
                fence = write.fence();
                if (write.type() == Event.Type.READ) {
                  continue;
                }
                if (Long.parseLong(write.outcome()) != value + 1) {
                  violations.add(key + ": an update was lost after " + value + ": " + write);
                }
                value = Long.parseLong(write.outcome());
              }
            });
    return violations;
  }

  /** A write that was acknowledged is written. */
  static List<String> writesKept(History history) {
    return received(
        history, Event.Type.WROTE, Event.Type.WRITE, "a write was accepted and is gone: ");
  }

  /** What a worker has read is what the resource returned. */
  static List<String> readsReceived(History history) {
    return received(
        history, Event.Type.RECEIVED, Event.Type.READ, "the resource returned no such value: ");
  }

  private static List<String> received(
      History history, Event.Type worker, Event.Type resource, String otherwise) {
    Set<String> known = new HashSet<>();
    history.of(resource).forEach(e -> known.add(e.key() + " " + e.id() + " " + e.outcome()));
    return history
        .of(worker)
        .filter(e -> !known.contains(e.key() + " " + e.id() + " " + e.outcome()))
        .map(e -> otherwise + e)
        .toList();
  }

  /** A read tells what was written last. */
  static List<String> readsOfLastWrite(History history) {
    List<String> violations = new ArrayList<>();
    history
        .byKey(Event.Type.WRITE, Event.Type.READ)
        .forEach(
            (key, all) -> {
              all.sort(Comparator.comparingLong(Event::at));
              String value = "0";
              for (Event event : all) {
                if (event.type() == Event.Type.WRITE) {
                  value = event.outcome();
                } else if (!event.outcome().equals(value)) {
                  violations.add(key + ": not the last value, " + value + ": " + event);
                }
              }
            });
    return violations;
  }

  /**
   * No worker is refused for a stale token while its handle was valid before it asked and after it
   * was answered, unless the store had forgotten the lease.
   */
  static List<String> validHoldersWrite(History history, Duration longestLease) {
    Map<String, Span> valid =
        history.validity().values().stream()
            .flatMap(List::stream)
            .collect(Collectors.toMap(Span::id, span -> span));
    List<Span> forgotten = history.spans(Event.Type.FORGETS);
    return history
        .of(Event.Type.REFUSED)
        .filter(e -> valid.containsKey(e.id()))
        .filter(e -> valid.get(e.id()).from() <= e.at() && e.until() <= valid.get(e.id()).to())
        .filter(
            e ->
                forgotten.stream()
                    .noneMatch(
                        f -> f.from() <= e.until() && e.at() <= f.to() + longestLease.toNanos()))
        .map(e -> "a valid holder was refused: " + e)
        .toList();
  }
}
