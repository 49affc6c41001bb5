package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All that was logged, and what is read out of it. */
public record History(Collection<Event> events) {
  /** A span of time, of something that is named. */
  public record Span(String id, String worker, long from, long to, long fence) {
    boolean overlaps(long start, long end) {
      return from <= end && to >= start;
    }
  }

  public Stream<Event> of(Event.Type type) {
    return events.stream().filter(e -> e.type() == type);
  }

  Map<String, List<Event>> byKey(Event.Type... types) {
    List<Event.Type> wanted = List.of(types);
    return events.stream()
        .filter(e -> wanted.contains(e.type()))
        .collect(Collectors.groupingBy(Event::key, Collectors.toCollection(ArrayList::new)));
  }

  /** When something of this type was so. */
  List<Span> spans(Event.Type type) {
    return of(type)
        .map(e -> new Span(e.outcome(), e.worker(), e.at(), e.until(), e.fence()))
        .toList();
  }

  /**
   * When handles were valid: from their first report to the end that they reported, unless they
   * were released or reported invalid before; and in any case to their last report.
   */
  public Map<String, List<Span>> validity() {
    Map<String, List<Span>> all = new HashMap<>();
    byKey(Event.Type.CLAIM, Event.Type.VALID, Event.Type.INVALID, Event.Type.END)
        .forEach(
            (key, events) ->
                all.put(
                    key,
                    events.stream().collect(Collectors.groupingBy(Event::id)).values().stream()
                        .flatMap(said -> validity(said).stream())
                        .toList()));
    return all;
  }

  private static Optional<Span> validity(List<Event> said) {
    long from = Long.MAX_VALUE;
    long until = Long.MIN_VALUE;
    long valid = Long.MIN_VALUE;
    long ended = Long.MAX_VALUE;
    long invalid = Long.MAX_VALUE;
    for (Event event : said) {
      switch (event.type()) {
        case CLAIM -> {
          from = Math.min(from, event.at());
          until = Math.max(until, event.until());
        }
        case VALID -> {
          from = Math.min(from, event.until());
          valid = Math.max(valid, event.at());
        }
        case INVALID -> invalid = Math.min(invalid, event.until());
        default -> ended = Math.min(ended, event.at());
      }
    }
    long promised = Math.min(until, ended);
    // When it said that it was not valid it had been so for a while, who knows how long.
    long end = invalid < promised ? valid : Math.max(valid, promised);
    Event one = said.get(0);
    return from >= end
        ? Optional.empty()
        : Optional.of(new Span(one.id(), one.worker(), from, end, one.fence()));
  }

  /**
   * When workers said that they led. Each answer was true at some instant between its times, and a
   * term that was led at two instants was led between them.
   */
  Map<String, List<Span>> terms() {
    Map<String, List<Span>> all = new HashMap<>();
    byKey(Event.Type.LEADS)
        .forEach(
            (key, events) ->
                all.put(
                    key,
                    events.stream().collect(Collectors.groupingBy(Event::id)).values().stream()
                        .map(History::term)
                        .toList()));
    return all;
  }

  private static Span term(List<Event> said) {
    Event one = said.get(0);
    long from = said.stream().mapToLong(Event::until).min().getAsLong();
    long to = said.stream().mapToLong(Event::at).max().getAsLong();
    return new Span(one.id(), one.worker(), from, Math.max(from, to), one.fence());
  }

  /** From when a lock was asked for to when it was granted. */
  Map<String, List<Span>> grants() {
    Map<String, Event> asked =
        of(Event.Type.ASK).collect(Collectors.toMap(Event::id, event -> event));
    return of(Event.Type.ANSWER)
        .filter(e -> e.outcome().equals("granted"))
        .collect(
            Collectors.groupingBy(
                Event::key,
                Collectors.mapping(
                    e -> new Span(e.id(), e.worker(), asked.get(e.id()).at(), e.at(), e.fence()),
                    Collectors.toCollection(ArrayList::new))));
  }

  /**
   * From when each holding, which a token and a fencing token make, was asked for to when it was
   * granted first. A request of this token that was not answered may have begun it.
   */
  Map<String, List<Span>> holdings() {
    Map<String, List<Span>> all = new HashMap<>();
    operations()
        .forEach(
            (key, operations) ->
                operations.stream()
                    .filter(o -> o.kind() == Kind.ACQUIRE && o.outcome() != Outcome.NO)
                    .collect(Collectors.groupingBy(LeaseOperation::token))
                    .values()
                    .forEach(
                        asked ->
                            all.computeIfAbsent(key, k -> new ArrayList<>())
                                .addAll(holdingsOfOneToken(asked))));
    return all;
  }

  private static Collection<Span> holdingsOfOneToken(List<LeaseOperation> asked) {
    long unanswered =
        asked.stream()
            .filter(o -> o.outcome() == Outcome.UNKNOWN)
            .mapToLong(LeaseOperation::from)
            .min()
            .orElse(Long.MAX_VALUE);
    Map<Long, Span> first = new HashMap<>();
    for (LeaseOperation one : asked) {
      if (one.outcome() == Outcome.YES) {
        long from = Math.min(one.from(), unanswered);
        Span grant = new Span(one.token(), one.process(), from, one.to(), one.fence());
        first.merge(one.fence(), grant, (a, b) -> a.to() <= b.to() ? a : b);
      }
    }
    return first.values();
  }

  /** The operations on each lease; one without an answer may have happened at any later time. */
  public Map<String, List<LeaseOperation>> operations() {
    Map<String, Event> answers =
        of(Event.Type.OPERATED).collect(Collectors.toMap(Event::id, event -> event));
    Map<String, List<LeaseOperation>> all = new HashMap<>();
    of(Event.Type.OPERATE)
        .forEach(
            asked -> {
              Event answer = answers.get(asked.id());
              boolean told = answer != null && !answer.outcome().equals(Outcome.UNKNOWN.name());
              String[] what = asked.outcome().split(" ", 2);
              all.computeIfAbsent(asked.key(), key -> new ArrayList<>())
                  .add(
                      new LeaseOperation(
                          Kind.valueOf(what[0]),
                          what[1],
                          asked.until(),
                          asked.fence(),
                          asked.worker(),
                          asked.at(),
                          told ? answer.at() : Long.MAX_VALUE,
                          told ? Outcome.valueOf(answer.outcome()) : Outcome.UNKNOWN,
                          told ? answer.fence() : 0));
            });
    return all;
  }
}
