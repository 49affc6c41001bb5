package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * What a history has to satisfy about who holds and who leads. Each check answers with the
 * violations it found, in words.
 *
 * <p>A store that was made to forget its records ({@link Event.Type#FORGETS}) can grant a lease
 * while an older one is still believed in, and that belief ends with the older lease. So an overlap
 * is not a violation if, and only if, it lies between the beginning of the forgetting and one lease
 * after its end.
 */
public final class Checks {
  private Checks() {}

  /** No two handles of one key say at the same instant that they are valid. */
  static List<String> exclusion(History history, Duration longestLease) {
    List<Span> forgotten = history.spans(Event.Type.FORGETS);
    List<String> violations = new ArrayList<>();
    new TreeMap<>(history.validity())
        .forEach((key, spans) -> violations.addAll(overlaps(key, spans, forgotten, longestLease)));
    return violations;
  }

  /** At most one worker says at any instant that it leads. */
  static List<String> oneLeader(History history, Duration lease) {
    List<Span> forgotten = history.spans(Event.Type.FORGETS);
    List<String> violations = new ArrayList<>();
    new TreeMap<>(history.terms())
        .forEach(
            (key, terms) ->
                violations.addAll(overlaps("leadership of " + key, terms, forgotten, lease)));
    return violations;
  }

  private static List<String> overlaps(
      String key, List<Span> spans, List<Span> forgotten, Duration lease) {
    List<Span> sorted = new ArrayList<>(spans);
    sorted.sort(Comparator.comparingLong(Span::from));
    List<String> violations = new ArrayList<>();
    List<Span> active = new ArrayList<>();
    for (Span span : sorted) {
      active.removeIf(older -> older.to() <= span.from());
      for (Span older : active) {
        long end = Math.min(older.to(), span.to());
        boolean excused =
            forgotten.stream()
                .anyMatch(f -> f.from() <= span.from() && end <= f.to() + lease.toNanos());
        if (!excused) {
          long micros = (end - span.from()) / 1_000;
          violations.add(key + ": " + span + " overlaps " + older + " by " + micros + " µs");
        }
      }
      active.add(span);
    }
    return violations;
  }

  /** Whenever all faults have been healed, a worker leads within the time. */
  static List<String> someLeader(History history, Collection<String> elections, Duration in) {
    List<String> violations = new ArrayList<>();
    for (String election : elections) {
      for (long gap : leaderAfterHealing(history, election)) {
        if (gap > in.toNanos()) {
          String found = gap == Long.MAX_VALUE ? "" : " but after " + gap / 1_000_000 + " ms";
          violations.add("no worker led " + election + " within " + in + " of a healing" + found);
        }
      }
    }
    return violations;
  }

  /**
   * When a leader is killed and all else is well, another leads within the time. Not counted is
   * time in which a process did not run.
   */
  static List<String> takeOvers(History history, Duration in) {
    return history
        .of(Event.Type.TAKEN_OVER)
        .filter(e -> e.until() == 0 || running(history, e.at(), e.until()) > in.toNanos())
        .map(e -> "no worker led within " + in + " of the leader's death: " + e)
        .toList();
  }

  /** How much of this time all processes ran. */
  public static long running(History history, long from, long to) {
    return to - from - stalled(history.spans(Event.Type.STALL), from, to);
  }

  /**
   * How long after each healing of all faults a worker led, at the latest. Not counted is time in
   * which a process did not run.
   */
  static List<Long> leaderAfterHealing(History history, String election) {
    List<Event> leads = history.of(Event.Type.LEADS).filter(e -> e.key().equals(election)).toList();
    return history
        .of(Event.Type.HEALED)
        .map(
            healed ->
                leads.stream()
                    .filter(e -> e.at() - healed.at() >= 0)
                    .min(Comparator.comparingLong(Event::until))
                    .map(e -> running(history, healed.at(), e.until()))
                    .orElse(Long.MAX_VALUE))
        .toList();
  }

  /** How long each take-over from a leader that was killed took, of those that happened. */
  static List<Long> takeOverTimes(History history) {
    return history
        .of(Event.Type.TAKEN_OVER)
        .filter(e -> e.until() != 0)
        .map(e -> running(history, e.at(), e.until()))
        .toList();
  }

  /**
   * Every request is answered within its deadline and the slack. Not counted is time in which its
   * process or event loop did not run; a process that was killed owes what was overdue then.
   */
  static List<String> liveness(History history, Duration slack, long endOfRun) {
    return OperationChecks.overdue(
        history, Event.Type.ASK, Event.Type.ANSWER, Event::until, slack, endOfRun);
  }

  /** How much of this time the stalls, which may overlap, cover. */
  static long stalled(List<Span> stalls, long start, long end) {
    long sum = 0;
    long counted = start;
    for (Span stall :
        stalls.stream()
            .filter(s -> s.overlaps(start, end))
            .sorted(Comparator.comparingLong(Span::from))
            .toList()) {
      long from = Math.max(counted, stall.from());
      long to = Math.min(end, stall.to());
      sum += Math.max(0, to - from);
      counted = Math.max(counted, to);
    }
    return sum;
  }
}
