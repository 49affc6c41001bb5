package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** When what was asked has to be answered. */
final class OperationChecks {
  private static final Set<Type> OF_THE_EVENT_LOOP =
      Set.of(Type.ASK, Type.ANSWER, Type.CALL, Type.RETURN, Type.OPERATE, Type.OPERATED);

  private OperationChecks() {}

  /** Every operation is answered, be it with an error, within the time and the slack. */
  static List<String> answered(History history, Duration within, Duration slack, long endOfRun) {
    return overdue(
        history,
        Type.OPERATE,
        Type.OPERATED,
        asked -> asked.at() + within.toNanos(),
        slack,
        endOfRun);
  }

  /**
   * What was answered later than its deadline and the slack, or never. Not counted is time in which
   * its process or event loop did not run. A process that was killed owed what was overdue when it
   * last logged anything, and nothing else: it could not log that it no longer ran.
   */
  static List<String> overdue(
      History history,
      Type question,
      Type reply,
      ToLongFunction<Event> deadline,
      Duration slack,
      long endOfRun) {
    Map<String, List<Span>> stalls = stalls(history);
    Map<String, Long> killed = killed(history);
    Map<String, Event> asked = new TreeMap<>();
    history.of(question).forEach(ask -> asked.put(ask.id(), ask));
    List<String> violations = new ArrayList<>();
    history
        .of(reply)
        .forEach(
            answer -> {
              Event ask = asked.remove(answer.id());
              long late = late(ask, deadline, answer.at(), stalls);
              if (late > slack.toNanos()) {
                violations.add(
                    "answered " + late / 1_000_000 + " ms after its deadline: " + answer);
              }
            });
    for (Event ask : asked.values()) {
      long end = killed.getOrDefault(ask.worker(), endOfRun);
      if (late(ask, deadline, end, stalls) > slack.toNanos()) {
        violations.add("never answered: " + ask);
      }
    }
    return violations;
  }

  /** When those that were killed had last asked for something or been answered until then. */
  private static Map<String, Long> killed(History history) {
    Map<String, Long> killed =
        history
            .of(Type.FAULT)
            .filter(e -> e.outcome().equals("SIGKILL"))
            .collect(Collectors.toMap(Event::worker, Event::at, Math::min));
    Map<String, Long> heard =
        history.events().stream()
            .filter(e -> OF_THE_EVENT_LOOP.contains(e.type()) && killed.containsKey(e.worker()))
            .collect(Collectors.toMap(Event::worker, Event::at, Math::max));
    heard.forEach((worker, last) -> killed.merge(worker, last, Math::min));
    return killed;
  }

  private static long late(
      Event ask, ToLongFunction<Event> deadline, long end, Map<String, List<Span>> stalls) {
    List<Span> own = stalls.getOrDefault(ask.worker(), List.of());
    return end - deadline.applyAsLong(ask) - Checks.stalled(own, ask.at(), end);
  }

  /** A process that was paused and is killed soon after may not have said that it was. */
  private static Map<String, List<Span>> stalls(History history) {
    return Stream.concat(
            history.spans(Type.STALL).stream(),
            history.spans(Type.FAULT).stream().filter(s -> s.id().equals("SIGSTOP")))
        .collect(Collectors.groupingBy(Span::worker));
  }
}
