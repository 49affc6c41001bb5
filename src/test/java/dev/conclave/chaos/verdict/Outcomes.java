package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Whether every request for a lock ended with the outcome that it should have. In one place, what
 * each of them needs:
 *
 * <ul>
 *   <li>{@code granted}: it came by the deadline, not counted time in which the worker did not run,
 *       but for what {@link #UNSEEN} says.
 *   <li>{@code TIMEOUT}: another client held the lock, or may have, when it was asked for; and a
 *       request that waits had waited to its deadline.
 *   <li>{@code BACKEND_UNAVAILABLE}: a reason ({@link Reasons}); or it waited for a shorter time
 *       than an answer takes ({@link #ROUND_TRIP}).
 *   <li>{@code LOST}: a reason, for the answer took longer than the lease.
 *   <li>{@code CLOSED}: the caller gave up, or the service was closed.
 *   <li>Nothing else is right.
 * </ul>
 */
final class Outcomes {
  /**
   * What may lie between the product's look at the clock and ours, twice, for a request and its
   * answer, without being logged as a stall.
   */
  static final Duration UNSEEN = Duration.ofMillis(240);

  /** A busy machine's store may need this for an answer although no fault is in force. */
  static final Duration ROUND_TRIP = Duration.ofMillis(300);

  /** How much later than it was claimed a lease may have begun, and so end: by a call's time. */
  private static final long SENT_LATE = Limits.LOCK_TIMEOUT * 1_000_000;

  private final History history;
  private final Reasons reasons;
  private final Map<String, List<Span>> stalls;
  private final long refusedLate;
  private final Map<String, List<Span>> holders = new HashMap<>();

  private Outcomes(History history, Duration refusedLate) {
    this.history = history;
    this.reasons = new Reasons(history);
    this.stalls =
        history.spans(Event.Type.STALL).stream().collect(Collectors.groupingBy(Span::worker));
    this.refusedLate = refusedLate.toNanos();
  }

  /**
   * Finds the wrong ones.
   *
   * @param refusedLate how long after the end of a lease its key may be refused
   */
  static List<String> check(History history, Duration refusedLate) {
    return new Outcomes(history, refusedLate).violations();
  }

  private List<String> violations() {
    Map<String, Event> answers = byId(Event.Type.ANSWER);
    findHolders(answers);
    List<String> violations = new ArrayList<>();
    byId(Event.Type.ASK)
        .forEach(
            (id, ask) -> {
              Event answer = answers.get(id);
              String wrong = answer == null ? null : wrong(ask, answer);
              if (wrong != null) {
                violations.add(wrong + ": " + answer + " to " + ask);
              }
            });
    return violations;
  }

  /** What is wrong about this answer, or null. */
  private String wrong(Event ask, Event answer) {
    boolean gaveUp = answer.outcome().endsWith(Labels.GIVEN_UP);
    boolean waits = ask.outcome().equals(Labels.WAITS);
    boolean reason = reasons.any(ask.worker(), ask.at(), answer.at());
    return switch (answer.outcome().replace(Labels.GIVEN_UP, "")) {
      case "granted" -> late(ask, answer) ? "granted after the deadline" : null;
      case "TIMEOUT" -> {
        if (waits && answer.at() - ask.until() < 0) {
          yield "a timeout before the deadline";
        }
        yield heldByAnother(ask, answer, waits) ? null : "a timeout, but no client held the lock";
      }
      case "BACKEND_UNAVAILABLE" -> {
        boolean tooShort = waits && ask.until() - ask.at() <= ROUND_TRIP.toNanos();
        yield reason || tooShort ? null : "no reason for an error";
      }
      case "LOST" -> reason ? null : "no reason for a loss";
      case "CLOSED" -> gaveUp ? null : "closed, but the caller did not give up";
      default -> "a wrong outcome";
    };
  }

  private boolean late(Event ask, Event answer) {
    List<Span> own = stalls.getOrDefault(ask.worker(), List.of());
    long late = answer.at() - ask.until() - Checks.stalled(own, ask.at(), answer.at());
    return late > UNSEEN.toNanos();
  }

  /** A waiter may report the holder that an earlier waiter saw. */
  private boolean heldByAnother(Event ask, Event answer, boolean waits) {
    long from = waits ? ask.at() - Limits.LONGEST_WAIT * 1_000_000 : ask.at();
    return holders.getOrDefault(ask.key(), List.of()).stream()
        .anyMatch(span -> !span.id().equals(ask.id()) && span.overlaps(from, answer.at()));
  }

  /** When each request may have held what it asked for. */
  private void findHolders(Map<String, Event> answers) {
    Map<String, Event> released =
        history
            .of(Event.Type.RETURN)
            .filter(e -> e.outcome().equals("true") || e.outcome().equals("false"))
            .collect(Collectors.toMap(Event::id, e -> e));
    Map<String, Long> claimed =
        history.of(Event.Type.CLAIM).collect(Collectors.toMap(Event::id, Event::until, Math::max));
    history
        .of(Event.Type.ASK)
        .forEach(
            ask -> {
              Event answer = answers.get(ask.id());
              Event release = released.get(Labels.RELEASE + ask.id());
              long answered = answer == null ? ask.until() : answer.at();
              long runsOut = claimed.getOrDefault(ask.id(), answered + ask.fence());
              long end = release == null ? runsOut + SENT_LATE + refusedLate : release.at();
              holders
                  .computeIfAbsent(ask.key(), key -> new ArrayList<>())
                  .add(new Span(ask.id(), ask.worker(), ask.at(), end, 0));
            });
  }

  private Map<String, Event> byId(Event.Type type) {
    return history.of(type).collect(Collectors.toMap(Event::id, e -> e));
  }
}
