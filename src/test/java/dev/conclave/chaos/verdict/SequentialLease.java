package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import java.util.List;

/** What a lease may answer when it does one thing at a time. */
public interface SequentialLease {
  enum Phase {
    FREE,
    HELD,
    /** Kept for one who stands in line. */
    OFFERED,
    /** Free, for who was offered it has not claimed it; it may be offered to the next. */
    LAPSED
  }

  /** What was held before it was vacated between these times. */
  record Former(State state, long from, long to) {}

  /**
   * What the lease is like.
   *
   * @param holder the token that holds it, is offered it, or was offered it last
   * @param fence the last fencing token; of a grant whose answer was lost, what it must exceed
   * @param seen whether a client has seen that fencing token; true without a holder, since no
   *     client receives it any more
   * @param renewal the operation that set the expiry, where that matters, or null
   * @param early when this state ends by itself at the earliest
   * @param late when it ends by itself at the latest
   * @param former what a crash of the server would bring back, or null
   */
  record State(
      Phase phase,
      String holder,
      long fence,
      boolean seen,
      LeaseOperation renewal,
      long early,
      long late,
      Former former) {
    static final State FREE = new State(Phase.FREE, null, 0, true, null, 0, Long.MAX_VALUE, null);

    /** Held since an unknown time, with a fencing token that no client has seen. */
    static State heldBy(String token, long late) {
      return new State(Phase.HELD, token, 0, false, null, 0, late, null);
    }

    /** Offered since an unknown time. */
    static State offeredTo(String token, long late) {
      return FREE.offered(token, 0, late, null);
    }

    boolean isHeldBy(String token) {
      return phase == Phase.HELD && holder.equals(token);
    }

    /** Whether it is held, and known by this fencing token, if there is one. */
    boolean isFoundAs(long number) {
      return phase == Phase.HELD && (number == 0 || seen && number == fence);
    }

    State free(Former kept) {
      return new State(Phase.FREE, null, fence, true, null, 0, Long.MAX_VALUE, kept);
    }

    State offered(String token, long earliest, long latest, Former kept) {
      return new State(Phase.OFFERED, token, fence, true, null, earliest, latest, kept);
    }

    State lapsed() {
      return new State(Phase.LAPSED, holder, fence, seen, null, early, Long.MAX_VALUE, former);
    }

    /** The same, where it does not matter who renewed it. */
    State byAnybody() {
      return new State(phase, holder, fence, seen, null, early, late, former);
    }

    /** The same, but for when it ends by itself. */
    State between(long earliest, long latest) {
      return new State(phase, holder, fence, seen, renewal, earliest, latest, former);
    }

    State renewed(LeaseOperation by, long latest) {
      return new State(
          Phase.HELD, by.token(), fence, seen, by, by.from() + by.duration(), latest, null);
    }

    /** A grant: of the same holding, or of a new one with a greater fencing token. */
    List<State> granted(LeaseOperation by, boolean same, long latest) {
      State next = renewed(by, latest);
      if (by.outcome() == Outcome.UNKNOWN) {
        return List.of(next.numbered(fence, same && seen));
      }
      boolean right = same && seen ? by.fence() == fence : by.fence() > fence;
      return right ? List.of(next.numbered(by.fence(), true)) : List.of();
    }

    /** The holder is found, and with it a fencing token that no client had seen. */
    List<State> learned(LeaseOperation by) {
      boolean found = by.outcome() == Outcome.YES && phase == Phase.HELD && !seen;
      return found && by.fence() > fence ? List.of(numbered(by.fence(), true)) : List.of();
    }

    private State numbered(long number, boolean known) {
      return new State(phase, holder, number, known, renewal, early, late, former);
    }
  }

  /** When this state is over at the latest, if nothing is asked. */
  long latest(State state);

  /** Whether the answer agrees with the state, and the operation changes nothing. */
  boolean idle(LeaseOperation operation, State state);

  /**
   * The states that the operation may lead to when it takes effect at the limit at the latest; none
   * when its outcome contradicts the state.
   */
  List<State> after(LeaseOperation operation, State state, long limit);

  /** The states that this one may turn into by itself, at the limit at the latest. */
  List<State> meanwhile(State state, long limit);
}
