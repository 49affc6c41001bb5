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
 *       duration, to + duration]}: that end is an operation of its own, without effect when the
 *       lease has been renewed or vacated since. Late by the slack at most, early never.
 *   <li>The search puts next any operation that no other must precede, if the model agrees with its
 *       outcome, and goes back when it is stuck. A set of what is done together with the state it
 *       leads to is tried only once.
 * </ol>
 */
final class LeaseLinearizability {
  /**
   * What the lease is like.
   *
   * @param fence the last fencing token; of a grant whose answer was lost, what it must exceed
   * @param seen whether somebody has seen that fencing token
   * @param renewal which operation set the expiry
   */
  private record State(String holder, long fence, boolean seen, int renewal) {
    private static final State FREE = new State(null, 0, true, -1);

    private State free() {
      return new State(null, fence, seen, -1);
    }
  }

  private record Visited(BitSet done, State state) {}

  /** An operation, or the expiry that follows from operation number {@code expires}. */
  private record Step(LeaseOperation operation, int expires, long from, long to) {}

  private final List<Step> steps = new ArrayList<>();
  private final Set<Visited> visited = new HashSet<>();

  private LeaseLinearizability(List<LeaseOperation> history, long slack) {
    for (LeaseOperation operation : history) {
      int number = steps.size();
      steps.add(new Step(operation, -1, operation.from(), operation.to()));
      boolean holds = operation.kind() != Kind.RELEASE && operation.outcome() != Outcome.NO;
      if (holds) {
        long to = operation.to() == Long.MAX_VALUE ? Long.MAX_VALUE : operation.to() + slack;
        steps.add(
            new Step(
                null,
                number,
                operation.from() + operation.duration(),
                to == Long.MAX_VALUE ? to : to + operation.duration()));
      }
    }
  }

  /**
   * Whether the history is that of a lease.
   *
   * @param slack by how much the store's expiry may be late, in nanoseconds
   */
  static boolean holds(List<LeaseOperation> history, long slack) {
    LeaseLinearizability search = new LeaseLinearizability(history, slack);
    return search.search(new BitSet(), State.FREE);
  }

  private boolean search(BitSet done, State state) {
    if (!visited.add(new Visited((BitSet) done.clone(), state))) {
      return false;
    }
    long mustPrecede = Long.MAX_VALUE;
    boolean open = false;
    for (int i = 0; i < steps.size(); i++) {
      if (!done.get(i)) {
        mustPrecede = Math.min(mustPrecede, steps.get(i).to);
        open |= steps.get(i).to != Long.MAX_VALUE;
      }
    }
    if (!open) {
      return true;
    }
    for (int i : candidates(done, mustPrecede)) {
      for (State next : apply(i, state, done)) {
        done.set(i);
        if (search(done, next)) {
          return true;
        }
        done.clear(i);
      }
    }
    return false;
  }

  private List<Integer> candidates(BitSet done, long mustPrecede) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      boolean follows = step.expires >= 0 && !done.get(step.expires);
      if (!done.get(i) && !follows && step.from <= mustPrecede) {
        found.add(i);
      }
    }
    found.sort(Comparator.comparingLong(i -> steps.get(i).to));
    return found;
  }

  /** The states that the step may lead to; none when the model contradicts its outcome. */
  private List<State> apply(int number, State state, BitSet done) {
    Step step = steps.get(number);
    if (step.expires >= 0) {
      return List.of(state.renewal == step.expires ? state.free() : state);
    }
    LeaseOperation operation = step.operation;
    boolean mine = Objects.equals(state.holder, operation.token());
    boolean may = operation.kind() == Kind.ACQUIRE ? mine || state.holder == null : mine;
    return switch (operation.outcome()) {
      case NO -> may ? List.of() : List.of(state);
      case YES -> may ? effect(operation, number, state, mine) : List.of();
      case UNKNOWN -> {
        List<State> either = new ArrayList<>(List.of(state));
        if (may) {
          either.addAll(effect(operation, number, state, mine));
        }
        yield either;
      }
    };
  }

  private static List<State> effect(
      LeaseOperation operation, int number, State state, boolean mine) {
    if (operation.kind() == Kind.RELEASE) {
      return List.of(state.free());
    }
    String holder = operation.token();
    if (operation.kind() == Kind.EXTEND) {
      return List.of(new State(holder, state.fence, state.seen, number));
    }
    if (operation.outcome() == Outcome.UNKNOWN) {
      return List.of(new State(holder, state.fence, mine && state.seen, number));
    }
    boolean same = mine && state.seen && operation.fence() == state.fence;
    boolean greater = (!mine || !state.seen) && operation.fence() > state.fence;
    return same || greater
        ? List.of(new State(holder, operation.fence(), true, number))
        : List.of();
  }
}
