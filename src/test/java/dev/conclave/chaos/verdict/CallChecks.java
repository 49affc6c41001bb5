package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a history has to satisfy about the calls of elections and handles. */
final class CallChecks {
  private static final String UNAVAILABLE = "BACKEND_UNAVAILABLE";

  private CallChecks() {}

  /** When resigning has been answered the term is over, and after a stop every term is. */
  static List<String> endsTerms(History history) {
    List<String> violations = new ArrayList<>();
    Map<String, Event> answers = answers(history);
    Map<String, List<Event>> leads =
        history.of(Event.Type.LEADS).collect(Collectors.groupingBy(CallChecks::worker));
    history
        .of(Event.Type.CALL)
        .filter(call -> call.outcome().equals(Labels.RESIGN) || call.outcome().equals(Labels.STOP))
        .filter(call -> answers.containsKey(call.id()))
        .forEach(
            call -> {
              long over = answers.get(call.id()).at();
              boolean all = call.outcome().equals(Labels.STOP);
              leads.getOrDefault(worker(call), List.of()).stream()
                  .filter(e -> e.at() > over && (all || e.fence() == call.fence()))
                  .findFirst()
                  .ifPresent(e -> violations.add("leads after " + call + " was answered: " + e));
            });
    return violations;
  }

  private static String worker(Event event) {
    return event.worker() + " " + event.key();
  }

  /** Elections carry out their calls, whatever the store does. */
  static List<String> electionsObey(History history) {
    return history
        .of(Event.Type.RETURN)
        .filter(e -> e.id().startsWith(Labels.RESIGN) || e.id().startsWith(Labels.STOP))
        .filter(e -> !e.outcome().equals(Labels.DONE))
        // Who is stopped already has resigned.
        .filter(e -> !(e.id().startsWith(Labels.RESIGN) && e.outcome().equals("CLOSED")))
        .map(e -> "an election did not obey: " + e)
        .toList();
  }

  /**
   * A release says whether the lock was held. It was when the handle's validity lasts beyond the
   * answer, unless the store forgot since the lock was asked for; it was not when the handle was
   * not valid before. It may fail, for a reason, when the handle was valid.
   */
  static List<String> releases(History history) {
    Map<String, Event> answers = answers(history);
    Map<String, Long> asked = new HashMap<>();
    history.of(Event.Type.ASK).forEach(e -> asked.put(Labels.RELEASE + e.id(), e.at()));
    Map<String, Long> until = new HashMap<>();
    history
        .of(Event.Type.CLAIM)
        .forEach(e -> until.merge(Labels.RELEASE + e.id(), e.until(), Math::max));
    List<Span> forgotten = history.spans(Event.Type.FORGETS);
    Reasons reasons = new Reasons(history);
    List<String> violations = new ArrayList<>();
    history
        .of(Event.Type.CALL)
        .filter(call -> call.outcome().startsWith(Labels.RELEASE) && answers.containsKey(call.id()))
        .forEach(
            call -> {
              Event answer = answers.get(call.id());
              boolean forgot =
                  forgotten.stream()
                      .anyMatch(
                          f -> f.overlaps(asked.getOrDefault(call.id(), call.at()), answer.at()));
              boolean right =
                  switch (answer.outcome()) {
                    case "true" -> call.outcome().equals(Labels.HELD);
                    case "false" ->
                        call.outcome().equals(Labels.NOT_HELD)
                            || forgot
                            || until.getOrDefault(call.id(), Long.MIN_VALUE) <= answer.at();
                    case UNAVAILABLE ->
                        call.outcome().equals(Labels.HELD)
                            && reasons.any(call.worker(), call.at(), answer.at());
                    case UNAVAILABLE + Labels.GIVEN_UP, "CLOSED" + Labels.GIVEN_UP ->
                        call.outcome().equals(Labels.HELD);
                    default -> false;
                  };
              if (!right) {
                violations.add("a wrong answer, " + answer + " to " + call);
              }
            });
    return violations;
  }

  /** Every call is answered in time, as requests are. */
  static List<String> answered(History history, Duration slack, long endOfRun) {
    return OperationChecks.overdue(
        history, Event.Type.CALL, Event.Type.RETURN, Event::until, slack, endOfRun);
  }

  private static Map<String, Event> answers(History history) {
    return history.of(Event.Type.RETURN).collect(Collectors.toMap(Event::id, e -> e));
  }
}
