package dev.conclave.chaos;

import dev.conclave.chaos.LeaseOperation.Kind;
import dev.conclave.chaos.LeaseOperation.Outcome;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Decides whether a history of one key could have come from a lease that does one thing at a time
 * (the search of Wing and Gong with the memory of Lowe).
 *
 * <ol>
 *   <li>An operation takes effect at one instant between being asked and being answered; one
 *       without an answer at any later instant, or never.
 *   <li>A grant or extension that took effect in {@code [from, to]} runs out in {@code [from +
 *       duration, to + duration]}, unless the lease has been renewed or vacated before: late by the
 *       slack at most, early never.
 *   <li>The search puts next any operation, or the lease's running out, that no other must precede,
 *       if the model agrees with its outcome, and goes back when it is stuck. A set of what is done
 *       together with the state it leads to is tried only once.
 *   <li>What changes nothing and agrees with the state is put next at once, without alternative: a
 *       history that can go on with it later can go on with it now.
 * </ol>
 */
final class LeaseLinearizability {
  /** No history that is sound takes nearly as many. */
  private static final int LIMIT = 1_000_000;

  private static final int NONE = -1;

  /**
   * What the lease is like.
   *
   * @param fence the last fencing token; of a grant whose answer was lost, what it must exceed
   * @param seen whether somebody has seen that fencing token
   * @param renewal which operation set the expiry
   */
  private record State(String holder, long fence, boolean seen, int renewal) {
    private static final State FREE = new State(null, 0, true, NONE);

    private State free() {
      return new State(null, fence, seen, NONE);
    }
  }

  private record Visited(BitSet done, State state) {}

  private final List<LeaseOperation> history;
  private final long slack;
  private final Set<Visited> visited = new HashSet<>();

  private LeaseLinearizability(List<LeaseOperation> history, long slack) {
    this.history = new ArrayList<>(history);
    this.history.sort(Comparator.comparingLong(LeaseOperation::to));
    this.slack = slack;
  }

  /**
   * Whether the history is that of a lease.
   *
   * @param slack by how much the store's expiry may be late, in nanoseconds
   * @throws IllegalStateException when the search becomes too large to decide
   */
  static boolean holds(List<LeaseOperation> history, long slack) {
    return new LeaseLinearizability(history, slack).search(new BitSet(), State.FREE);
  }

  private boolean search(BitSet before, State state) {
    BitSet done = (BitSet) before.clone();
    long limit = limit(done, state);
    for (int i = idle(done, state, limit); i >= 0; i = idle(done, state, limit)) {
      done.set(i);
      limit = limit(done, state);
    }
    if (!visited.add(new Visited(done, state))) {
      return false;
    }
    if (visited.size() > LIMIT) {
      throw new IllegalStateException("undecided after " + LIMIT + " states");
    }
    boolean open = false;
    for (int i = done.nextClearBit(0); i < history.size(); i = done.nextClearBit(i + 1)) {
      LeaseOperation operation = history.get(i);
      open |= operation.to() != Long.MAX_VALUE;
      State next = operation.from() <= limit ? effect(i, state) : null;
      if (next != null) {
        BitSet then = (BitSet) done.clone();
        then.set(i);
        if (search(then, next)) {
          return true;
        }
      }
    }
    return !open
        || (state.renewal != NONE
            && earliestExpiry(state.renewal) <= limit
            && search(done, state.free()));
  }

  /** By when something has to happen that has not: nothing that begins later may precede it. */
  private long limit(BitSet done, State state) {
    int first = done.nextClearBit(0); // they are sorted by their ends
    long operation = first < history.size() ? history.get(first).to() : Long.MAX_VALUE;
    return state.renewal == NONE ? operation : Math.min(operation, latestExpiry(state.renewal));
  }

  private long earliestExpiry(int renewal) {
    return history.get(renewal).from() + history.get(renewal).duration();
  }

  private long latestExpiry(int renewal) {
    LeaseOperation operation = history.get(renewal);
    boolean ends = operation.to() != Long.MAX_VALUE;
    return ends ? operation.to() + operation.duration() + slack : Long.MAX_VALUE;
  }

  /** An operation that may be next, changes nothing and agrees with the state; or -1. */
  private int idle(BitSet done, State state, long limit) {
    for (int i = done.nextClearBit(0); i < history.size(); i = done.nextClearBit(i + 1)) {
      LeaseOperation operation = history.get(i);
      boolean refused = operation.outcome() == Outcome.NO;
      if (refused && operation.from() <= limit && !allowed(operation, state)) {
        return i;
      }
    }
    return NONE;
  }

  private static boolean allowed(LeaseOperation operation, State state) {
    boolean mine = Objects.equals(state.holder, operation.token());
    return mine || (operation.kind() == Kind.ACQUIRE && state.holder == null);
  }

  /** The state that the operation leads to; null when the model contradicts its outcome. */
  private State effect(int number, State state) {
    LeaseOperation operation = history.get(number);
    if (operation.outcome() == Outcome.NO || !allowed(operation, state)) {
      return null;
    }
    String holder = operation.token();
    if (operation.kind() == Kind.RELEASE) {
      return state.free();
    }
    if (operation.kind() == Kind.EXTEND) {
      return new State(holder, state.fence, state.seen, number);
    }
    boolean mine = holder.equals(state.holder);
    if (operation.outcome() == Outcome.UNKNOWN) {
      return new State(holder, state.fence, mine && state.seen, number);
    }
    boolean same = mine && state.seen && operation.fence() == state.fence;
    boolean greater = (!mine || !state.seen) && operation.fence() > state.fence;
    return same || greater ? new State(holder, operation.fence(), true, number) : null;
  }
}
