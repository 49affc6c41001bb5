package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What may be the reason for a failure: a fault of the network or the store, a fault of the same
 * worker, or that a process did not run. The deaths of other workers are not a reason.
 */
final class Reasons {
  /**
   * For how long a fault is felt after its end: the call that is under way is given up after the
   * time that one may take, another try is made after a waiter's longest pause, 2 s, and without a
   * connection then, it is there after the longest pause of a link, 1 s.
   */
  static final Duration FELT = Duration.ofMillis(Limits.LOCK_TIMEOUT + 2_000 + 1_000);

  private final List<Span> spans = new ArrayList<>();

  Reasons(History history) {
    spans.addAll(history.spans(Event.Type.FAULT));
    spans.addAll(history.spans(Event.Type.FORGETS));
    spans.addAll(history.spans(Event.Type.STALL));
  }

  /** Whether one was in force, or felt, while this was so for the worker. */
  boolean any(String worker, long from, long to) {
    return spans.stream()
        .filter(span -> span.worker().equals(Labels.HARNESS) || span.worker().equals(worker))
        .anyMatch(span -> span.overlaps(from - FELT.toNanos(), to));
  }
}
