package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.History.Span;
import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.chaos.verdict.SequentialLease.Phase;
import dev.conclave.chaos.verdict.SequentialLease.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The history of one key, cut where the store has forgotten.
 *
 * <ol>
 *   <li>What was asked before the forgetting began is a history of its own; calls that were not
 *       answered by then may have happened or not.
 *   <li>What was asked during it is not judged: there may be two stores then.
 *   <li>What was asked after its end begins with a lease in an unknown state: free, held by a token
 *       that was granted it and has not run out, offered to one who waited. Calls from before that
 *       were not answered by then may still happen, or not.
 * </ol>
 */
final class LeaseHistories {
  /**
   * A history that can be judged.
   *
   * @param judged how many of the operations were asked in it
   */
  record Part(List<LeaseOperation> operations, List<State> beginnings, int judged) {}

  private LeaseHistories() {}

  /** The parts, at least one. */
  static List<Part> parts(List<LeaseOperation> all, List<Span> forgotten, long slack, long offer) {
    List<Part> parts = new ArrayList<>();
    List<State> beginnings = List.of(State.FREE);
    List<LeaseOperation> carried = List.of();
    long begin = Long.MIN_VALUE;
    for (Span span : merged(forgotten)) {
      parts.add(part(all, carried, beginnings, begin, span.from()));
      begin = span.to();
      long from = begin;
      carried =
          all.stream()
              .filter(o -> o.from() < from && o.to() > from)
              .map(LeaseOperation::pending)
              .toList();
      beginnings = afterwards(all, begin, slack, offer);
    }
    parts.add(part(all, carried, beginnings, begin, Long.MAX_VALUE));
    return parts;
  }

  private static List<Span> merged(List<Span> spans) {
    List<Span> merged = new ArrayList<>();
    for (Span span : spans.stream().sorted(Comparator.comparingLong(Span::from)).toList()) {
      Span last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && span.from() <= last.to()) {
        long to = Math.max(last.to(), span.to());
        merged.set(merged.size() - 1, new Span(last.id(), "", last.from(), to, 0));
      } else {
        merged.add(span);
      }
    }
    return merged;
  }

  private static Part part(
      List<LeaseOperation> all,
      List<LeaseOperation> carried,
      List<State> beginnings,
      long from,
      long to) {
    List<LeaseOperation> operations = new ArrayList<>(carried);
    all.stream()
        .filter(o -> o.from() >= from && o.from() < to)
        .map(o -> o.to() > to ? o.pending() : o)
        .forEach(operations::add);
    return new Part(operations, beginnings, operations.size() - carried.size());
  }

  /** What the lease may be like when the store has forgotten some of what it knew until then. */
  private static List<State> afterwards(
      List<LeaseOperation> all, long end, long slack, long offer) {
    Map<String, Long> ends = new LinkedHashMap<>();
    Map<String, Long> lines = new HashMap<>();
    for (LeaseOperation one : all) {
      boolean lasts = one.kind() == Kind.ACQUIRE || one.kind() == Kind.EXTEND;
      long until = Math.min(one.to(), end) + one.duration() + slack;
      if (one.from() < end && lasts && one.outcome() != Outcome.NO && until >= end) {
        ends.merge(one.token(), until, Math::max);
      }
      if (one.from() < end && one.patience() > 0 && offer > 0) {
        lines.put(one.token(), end + offer + slack);
      }
    }
    List<State> states = new ArrayList<>(List.of(State.FREE));
    ends.forEach((token, until) -> states.add(State.heldBy(token, until)));
    lines.forEach((token, until) -> states.add(State.offeredTo(token, until)));
    if (!lines.isEmpty()) {
      states.add(new State(Phase.LAPSED, "", 0, true, null, 0, Long.MAX_VALUE, null));
    }
    return states;
  }
}
