package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.chaos.verdict.SequentialLease.State;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * Decides whether a history of one key could have come from a lease that does one thing at a time
 * (the search of Wing and Gong with the memory of Lowe).
 *
 * <ol>
 *   <li>An operation takes effect at one instant between being asked and being answered; one
 *       without an answer at any later instant, or never.
 *   <li>The search puts next any operation, or what the lease does by itself, that no other must
 *       precede, if the model agrees with its outcome, and goes back when it is stuck. A set of
 *       what is done together with the state it leads to is tried only once.
 *   <li>An operation without an answer need not be done, and a state need not end when it may. So a
 *       state that the search has seen with more of these open is not new: all that could be done
 *       from here could be done from there. Of unanswered operations that ask for the same the
 *       earliest is done first: whatever happened, it can be explained so.
 *   <li>What changes nothing and agrees with the state is put next at once, without alternative: a
 *       history that can go on with it later can go on with it now.
 *   <li>It goes on where most is done, and with most left open: chains of unanswered operations
 *       would be tried in all their orders otherwise. Long histories need no deep stack, and what
 *       is done is remembered from the first operation on that is not.
 * </ol>
 */
final class LeaseLinearizability {
  /** No history that is sound takes nearly as many. */
  private static final int LIMIT = 1_000_000;

  /**
   * What is done: all answered operations before the first, those ahead of it by these distances,
   * and these of the ones without an answer.
   */
  private record Done(int first, BitSet ahead, BitSet pending) {
    boolean has(int answered) {
      return answered < first || ahead.get(answered - first);
    }

    Done with(int answered) {
      BitSet more = (BitSet) ahead.clone();
      more.set(answered - first);
      int gone = more.nextClearBit(0);
      return new Done(first + gone, more.get(gone, Math.max(gone, more.length())), pending);
    }

    Done withPending(int one) {
      BitSet more = (BitSet) pending.clone();
      more.set(one);
      return new Done(first, ahead, more);
    }
  }

  private record Node(Done done, State state) implements Comparable<Node> {
    private static final Comparator<Node> FARTHEST_AND_MOST_OPEN =
        Comparator.comparingInt((Node node) -> -node.done.first - node.done.ahead.cardinality())
            .thenComparingInt(node -> node.done.pending.cardinality());

    @Override
    public int compareTo(Node other) {
      return FARTHEST_AND_MOST_OPEN.compare(this, other);
    }
  }

  /** Where the search has been, but for what is left open there. */
  private record Place(int first, BitSet ahead, State untimed) {}

  /** What is left open: operations without an answer, and when the state ends by itself. */
  private record Open(BitSet spent, long early, long late) {
    boolean isNoLessThan(Open other) {
      BitSet more = (BitSet) spent.clone();
      more.andNot(other.spent);
      return more.isEmpty() && early <= other.early && late >= other.late;
    }
  }

  private final SequentialLease model;
  private final List<LeaseOperation> answered;
  private final List<LeaseOperation> pending;

  /** For each unanswered operation the last one before it that asked for the same, or -1. */
  private final int[] earlierTwin;

  /** The earliest beginning of an answered operation and all that were answered after it. */
  private final long[] earliest;

  private LeaseLinearizability(Collection<LeaseOperation> history, SequentialLease model) {
    this.model = model;
    answered =
        history.stream()
            .filter(o -> o.answered() && o.outcome() != Outcome.UNKNOWN)
            .sorted(Comparator.comparingLong(LeaseOperation::to))
            .toList();
    pending =
        history.stream()
            .filter(o -> !o.answered() || o.outcome() == Outcome.UNKNOWN)
            .map(LeaseOperation::pending)
            .sorted(Comparator.comparingLong(LeaseOperation::from))
            .toList();
    earlierTwin = new int[pending.size()];
    for (int i = 0; i < earlierTwin.length; i++) {
      earlierTwin[i] = i - 1;
      while (earlierTwin[i] >= 0 && !pending.get(earlierTwin[i]).isTwinOf(pending.get(i))) {
        earlierTwin[i]--;
      }
    }
    earliest = new long[answered.size() + 1];
    earliest[answered.size()] = Long.MAX_VALUE;
    for (int i = answered.size() - 1; i >= 0; i--) {
      earliest[i] = Math.min(earliest[i + 1], answered.get(i).from());
    }
  }

  /**
   * Whether the history is that of a lease that was like one of these in the beginning.
   *
   * @throws IllegalStateException when the search becomes too large to decide
   */
  static boolean holds(
      Collection<LeaseOperation> history, SequentialLease model, Collection<State> beginnings) {
    return new LeaseLinearizability(history, model).search(beginnings);
  }

  private boolean search(Collection<State> beginnings) {
    Map<Place, List<Open>> visited = new HashMap<>();
    int taken = 0;
    Queue<Node> left = new PriorityQueue<>();
    for (State state : beginnings) {
      left.add(new Node(new Done(0, new BitSet(), new BitSet()), state));
    }
    while (!left.isEmpty()) {
      Node node = settled(left.remove());
      if (node.done.first == answered.size()) {
        return true;
      }
      if (isNew(node, visited)) {
        if (++taken > LIMIT) {
          throw new IllegalStateException("undecided after " + LIMIT + " states");
        }
        left.addAll(next(node));
      }
    }
    return false;
  }

  /** Whether the search was not there yet with as much, or more, left open. */
  private static boolean isNew(Node node, Map<Place, List<Open>> visited) {
    Done done = node.done;
    State state = node.state;
    Open open = new Open(done.pending, state.early(), state.late());
    List<Open> known =
        visited.computeIfAbsent(
            new Place(done.first, done.ahead, state.between(0, 0)), place -> new ArrayList<>());
    if (known.stream().anyMatch(other -> other.isNoLessThan(open))) {
      return false;
    }
    known.removeIf(open::isNoLessThan);
    known.add(open);
    return true;
  }

  /** With all done that may be next, changes nothing and agrees with the state. */
  private Node settled(Node node) {
    Done done = node.done;
    for (int i = idle(done, node.state); i >= 0; i = idle(done, node.state)) {
      done = done.with(i);
    }
    return new Node(done, node.state);
  }

  private int idle(Done done, State state) {
    long limit = limit(done, state);
    for (int i = done.first; i < answered.size() && earliest[i] <= limit; i++) {
      LeaseOperation operation = answered.get(i);
      if (operation.from() <= limit && !done.has(i) && model.idle(operation, state)) {
        return i;
      }
    }
    return -1;
  }

  private List<Node> next(Node node) {
    Done done = node.done;
    State state = node.state;
    long limit = limit(done, state);
    List<Node> next = new ArrayList<>();
    for (int i = done.first; i < answered.size() && earliest[i] <= limit; i++) {
      LeaseOperation operation = answered.get(i);
      if (operation.from() <= limit && !done.has(i)) {
        Done then = done.with(i);
        model.after(operation, state, limit).forEach(after -> next.add(new Node(then, after)));
      }
    }
    model.meanwhile(state, limit).forEach(after -> next.add(new Node(done, after)));
    for (int i = 0; i < pending.size(); i++) {
      LeaseOperation operation = pending.get(i);
      boolean first = earlierTwin[i] < 0 || done.pending.get(earlierTwin[i]);
      if (operation.from() <= limit && first && !done.pending.get(i)) {
        Done then = done.withPending(i);
        model.after(operation, state, limit).forEach(after -> next.add(new Node(then, after)));
      }
    }
    return next;
  }

  /** By when something has to happen that has not: nothing that begins later may precede it. */
  private long limit(Done done, State state) {
    long operation = done.first < answered.size() ? answered.get(done.first).to() : Long.MAX_VALUE;
    return Math.min(operation, model.latest(state));
  }
}
