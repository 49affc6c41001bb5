package dev.conclave.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a history has to satisfy. Each check answers with the violations it found, in words. */
final class Checks {
  private Checks() {}

  /** A span of time in which something holds itself for valid. */
  record Span(String id, String worker, long from, long to, long fence) {}

  /**
   * No two handles of one key say at the same instant that they are valid. A handle is valid from
   * its first claim to the latest moment it has claimed, unless it ended before.
   */
  static List<String> exclusion(Collection<Event> history) {
    List<String> violations = new ArrayList<>();
    byKey(history, Event.Type.CLAIM, Event.Type.END)
        .forEach((key, events) -> violations.addAll(overlaps(key, spans(events))));
    return violations;
  }

  /** At most one worker says at any instant that it leads. */
  static List<String> oneLeader(Collection<Event> history) {
    List<String> violations = new ArrayList<>();
    byKey(history, Event.Type.LEADS)
        .forEach(
            (key, events) -> {
              List<Span> instants =
                  events.stream()
                      .map(e -> new Span(e.id(), e.worker(), e.at(), e.until(), e.fence()))
                      .toList();
              violations.addAll(overlaps("leadership of " + key, instants));
            });
    return violations;
  }

  /** After the last fault has healed, somebody leads within the time. */
  static List<String> someLeader(Collection<Event> history, Collection<String> keys, Duration in) {
    long healed =
        history.stream()
            .filter(e -> e.type() == Event.Type.HEALED)
            .mapToLong(Event::at)
            .max()
            .orElseThrow();
    List<String> violations = new ArrayList<>();
    for (String key : keys) {
      boolean led =
          history.stream()
              .anyMatch(
                  e ->
                      e.type() == Event.Type.LEADS
                          && e.key().equals(key)
                          && e.at() - healed >= 0
                          && e.at() - healed <= in.toNanos());
      if (!led) {
        violations.add("nobody led " + key + " within " + in + " of the last fault's healing");
      }
    }
    return violations;
  }

  /**
   * Fencing tokens grow in real-time order: a grant that was asked for after another was answered
   * has the greater token; and no token is given twice.
   */
  static List<String> fencesGrow(Collection<Event> history) {
    List<String> violations = new ArrayList<>();
    byKey(history, Event.Type.ASK, Event.Type.ANSWER)
        .forEach(
            (key, events) -> {
              List<Span> grants = grants(events);
              grants.sort(Comparator.comparingLong(Span::from));
              List<Span> byEnd = new ArrayList<>(grants);
              byEnd.sort(Comparator.comparingLong(Span::to));
              Span greatest = null;
              int ended = 0;
              for (Span grant : grants) {
                for (; ended < byEnd.size() && byEnd.get(ended).to < grant.from; ended++) {
                  Span done = byEnd.get(ended);
                  greatest = greatest == null || done.fence > greatest.fence ? done : greatest;
                }
                if (greatest != null && grant.fence <= greatest.fence) {
                  violations.add(
                      key + ": " + grant + " was asked for after " + greatest + " was granted");
                }
              }
              grants.stream()
                  .collect(Collectors.groupingBy(Span::fence))
                  .forEach(
                      (fence, same) -> {
                        if (same.size() > 1) {
                          violations.add(key + ": one fencing token for " + same);
                        }
                      });
            });
    return violations;
  }

  /** Accepted writes are in the order of their fencing tokens. */
  static List<String> writesInOrder(Collection<Event> history) {
    List<String> violations = new ArrayList<>();
    byKey(history, Event.Type.WRITE)
        .forEach(
            (key, writes) -> {
              writes.sort(Comparator.comparingLong(Event::at));
              for (int i = 1; i < writes.size(); i++) {
                if (writes.get(i).fence() < writes.get(i - 1).fence()) {
                  violations.add(
                      key + ": " + writes.get(i) + " was accepted after " + writes.get(i - 1));
                }
              }
            });
    return violations;
  }

  /** Every request that did not die with its process is answered within its deadline and slack. */
  static List<String> liveness(
      Collection<Event> history, Collection<String> deadWorkers, Duration slack, long endOfRun) {
    Map<String, Event> asked = new LinkedHashMap<>();
    List<String> violations = new ArrayList<>();
    for (Event event : history) {
      if (event.type() == Event.Type.ASK) {
        asked.put(event.id(), event);
      }
    }
    for (Event event : history) {
      if (event.type() == Event.Type.ANSWER) {
        Event ask = asked.remove(event.id());
        if (ask != null && event.at() - ask.until() > slack.toNanos()) {
          violations.add(
              "answered "
                  + Duration.ofNanos(event.at() - ask.until()).toMillis()
                  + " ms after its deadline: "
                  + event);
        }
      }
    }
    for (Event ask : asked.values()) {
      boolean due = endOfRun - ask.until() > slack.toNanos();
      if (due && !deadWorkers.contains(ask.worker())) {
        violations.add("never answered: " + ask);
      }
    }
    return violations;
  }

  private static List<Span> spans(List<Event> events) {
    Map<String, Event> first = new HashMap<>();
    Map<String, Long> until = new HashMap<>();
    Map<String, Long> ended = new HashMap<>();
    for (Event event : events) {
      if (event.type() == Event.Type.CLAIM) {
        first.merge(event.id(), event, (a, b) -> a.at() <= b.at() ? a : b);
        until.merge(event.id(), event.until(), Math::max);
      } else {
        ended.merge(event.id(), event.at(), Math::min);
      }
    }
    List<Span> spans = new ArrayList<>();
    first.forEach(
        (id, claim) ->
            spans.add(
                new Span(
                    id,
                    claim.worker(),
                    claim.at(),
                    Math.min(until.get(id), ended.getOrDefault(id, Long.MAX_VALUE)),
                    claim.fence())));
    return spans;
  }

  private static List<String> overlaps(String key, List<Span> spans) {
    List<Span> sorted = new ArrayList<>(spans);
    sorted.sort(Comparator.comparingLong(Span::from));
    List<String> violations = new ArrayList<>();
    Span longest = null;
    for (Span span : sorted) {
      boolean same = longest != null && longest.id.equals(span.id);
      if (longest != null && !same && span.from < longest.to) {
        violations.add(
            key
                + ": "
                + span
                + " overlaps "
                + longest
                + " by "
                + (longest.to - span.from) / 1000
                + " µs");
      }
      if (longest == null || span.to > longest.to) {
        longest = span;
      }
    }
    return violations;
  }

  private static List<Span> grants(List<Event> events) {
    Map<String, Event> asked = new HashMap<>();
    List<Span> grants = new ArrayList<>();
    for (Event event : events) {
      if (event.type() == Event.Type.ASK) {
        asked.put(event.id(), event);
      }
    }
    for (Event event : events) {
      if (event.type() == Event.Type.ANSWER && event.outcome().equals("granted")) {
        grants.add(
            new Span(
                event.id(), event.worker(), asked.get(event.id()).at(), event.at(), event.fence()));
      }
    }
    return grants;
  }

  private static Map<String, List<Event>> byKey(Collection<Event> history, Event.Type... types) {
    List<Event.Type> wanted = List.of(types);
    return history.stream()
        .filter(e -> wanted.contains(e.type()))
        .collect(Collectors.groupingBy(Event::key, Collectors.toCollection(ArrayList::new)));
  }
}
