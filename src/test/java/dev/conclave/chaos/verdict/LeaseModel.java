package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A lease that does one thing at a time, on a server that decides by its own clock. Times are not
 * known exactly, so what ends by itself ends between an earliest and a latest time.
 *
 * <ol>
 *   <li>A grant or extension that took effect in {@code [from, to]} runs out in {@code [from +
 *       duration, to + duration]}, unless the lease has been renewed or vacated before: late by the
 *       slack at most, early never. Then it is free.
 *   <li>When it is vacated (released, revoked), or an offer is declined, it is free or offered to
 *       one that may be in the queue: granted to that one and refused to all others until the offer
 *       lapses. An offer that has lapsed leaves it free, until a client finds that it has lapsed
 *       and offers it to the next, or takes it.
 *   <li>Who may be in the queue: one that was refused with patience, which is not over, or may have
 *       been; and has neither been granted it since nor given up.
 *   <li>A server that does not wait for its disk when it vacates by an offer may lose that in a
 *       crash that follows soon, unless the lease has been claimed: then it is held as it was
 *       before.
 * </ol>
 */
public final class LeaseModel implements SequentialLease {
  /** PostgreSQL writes what it did not wait for within three times 200 ms; a machine is busy. */
  private static final long FLUSH = 1_000_000_000L;

  /**
   * An attempt that may have joined the queue.
   *
   * @param over when its token had certainly left the queue again
   */
  private record Wait(LeaseOperation attempt, long over) {}

  private final List<Wait> waits = new ArrayList<>();
  private final Set<String> waiting = new HashSet<>();
  private final long slack;
  private final long offer;
  private final List<History.Span> crashes;

  /**
   * @param all everything that was asked of the key, for who may stand in line
   * @param slack by how much expiry may be late, in nanoseconds
   * @param offer how long an offer stands, or 0 where nothing is offered
   * @param crashes when the server may lose what it did not wait for
   */
  public LeaseModel(List<LeaseOperation> all, long slack, long offer, List<History.Span> crashes) {
    this.slack = slack;
    this.offer = offer;
    this.crashes = crashes;
    Map<String, List<LeaseOperation>> leaves =
        all.stream()
            .filter(one -> one.answered() && givesUpItsPlace(one))
            .collect(Collectors.groupingBy(LeaseOperation::token));
    for (LeaseOperation one : all) {
      boolean acquire = one.kind() == Kind.ACQUIRE;
      if (acquire && one.patience() > 0 && one.outcome() != Outcome.YES) {
        waits.add(new Wait(one, over(one, leaves.getOrDefault(one.token(), List.of()))));
        waiting.add(one.token());
      }
    }
  }

  private static long over(LeaseOperation wait, List<LeaseOperation> leaves) {
    return leaves.stream()
        .filter(leave -> wait.answered() && leave.from() >= wait.to())
        .mapToLong(LeaseOperation::to)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private static boolean givesUpItsPlace(LeaseOperation one) {
    return switch (one.kind()) {
      case ACQUIRE -> one.outcome() == Outcome.YES;
      case RELEASE, LEAVE -> true;
      default -> false;
    };
  }

  @Override
  public long latest(State state) {
    return state.late();
  }

  @Override
  public boolean idle(LeaseOperation operation, State state) {
    boolean held = state.phase() == Phase.HELD;
    boolean mine = state.isHeldBy(operation.token());
    boolean offered = state.phase() == Phase.OFFERED;
    boolean offeredToMe = offered && state.holder().equals(operation.token());
    boolean yes = operation.outcome() == Outcome.YES;
    if (operation.outcome() == Outcome.UNKNOWN) {
      return false;
    }
    return switch (operation.kind()) {
      case ACQUIRE -> !yes && (held ? !mine : offered && !offeredToMe);
      case EXTEND -> !yes && !mine;
      // Who may stand in line may be offered it before this, and declines it then.
      case RELEASE -> !yes && !mine && !offeredToMe && !waiting.contains(operation.token());
      case LEAVE -> !yes && !offeredToMe && !waiting.contains(operation.token());
      case REVOKE -> !yes && !held;
      case FIND -> yes ? state.isFoundAs(operation.fence()) : !held;
      case OWNS -> yes == mine;
    };
  }

  @Override
  public List<State> after(LeaseOperation operation, State state, long limit) {
    boolean held = state.phase() == Phase.HELD;
    boolean mine = state.isHeldBy(operation.token());
    boolean offered = state.phase() == Phase.OFFERED;
    boolean offeredToMe = offered && state.holder().equals(operation.token());
    boolean no = operation.outcome() == Outcome.NO;
    return switch (operation.kind()) {
      case ACQUIRE ->
          no || (!mine && (held || offered && !offeredToMe))
              ? List.of()
              : state.granted(operation, mine, late(operation)).stream()
                  .map(State::byAnybody)
                  .toList();
      case EXTEND ->
          no || !mine ? List.of() : List.of(state.renewed(operation, late(operation)).byAnybody());
      case RELEASE -> {
        if (no && !mine && !offeredToMe) {
          yield List.of(state);
        }
        boolean right = operation.outcome() == Outcome.UNKNOWN || (no ? offeredToMe : mine);
        yield right && (mine || offeredToMe) ? vacated(operation, state, limit) : List.of();
      }
      case LEAVE -> {
        if (offeredToMe && operation.outcome() != Outcome.YES) {
          yield vacated(operation, state, limit);
        }
        yield no ? List.of(state) : List.of();
      }
      case REVOKE -> no || !held ? List.of() : vacated(operation, state, limit);
      case FIND -> state.learned(operation);
      case OWNS -> List.of();
    };
  }

  @Override
  public List<State> meanwhile(State state, long limit) {
    List<State> next = new ArrayList<>();
    if (state.early() <= limit) {
      switch (state.phase()) {
        case HELD -> next.add(state.free(null));
        case OFFERED -> next.add(state.lapsed());
        case LAPSED -> {
          if (limit != Long.MAX_VALUE) {
            offers(state, state.holder(), state.early(), limit, limit, state.former(), next);
          }
        }
        default -> {}
      }
    }
    Former former = state.former();
    if (former != null && crashes.stream().anyMatch(crash -> loses(crash, former, limit))) {
      next.add(former.state());
    }
    return next;
  }

  private static boolean loses(History.Span crash, Former former, long limit) {
    boolean soon = former.to() == Long.MAX_VALUE || crash.from() - former.to() <= FLUSH;
    return crash.from() <= limit && crash.to() >= former.from() && soon;
  }

  private long late(LeaseOperation operation) {
    return operation.answered() ? operation.to() + operation.duration() + slack : Long.MAX_VALUE;
  }

  private List<State> vacated(LeaseOperation operation, State state, long limit) {
    List<State> next = new ArrayList<>();
    boolean declined = state.phase() == Phase.OFFERED;
    Former former = state.former();
    if (!declined && !crashes.isEmpty() && operation.kind() == Kind.RELEASE) {
      former = new Former(state, operation.from(), operation.to());
    }
    next.add(state.free(declined ? former : null));
    long until = operation.answered() ? operation.to() : limit;
    String leaving = operation.kind() == Kind.REVOKE ? null : operation.token();
    offers(state, leaving, operation.from(), until, limit, former, next);
    return next;
  }

  /** Adds an offer, made between the times, to each who may stand in line but one. */
  private void offers(
      State state, String but, long from, long to, long limit, Former former, List<State> next) {
    long late = to == Long.MAX_VALUE ? to : to + offer + slack;
    waits.stream()
        .filter(wait -> offer > 0 && wait.over >= from)
        .map(Wait::attempt)
        .filter(wait -> wait.from() <= limit && !wait.token().equals(but))
        .filter(wait -> !wait.answered() || wait.to() + wait.patience() + slack >= from)
        .map(LeaseOperation::token)
        .distinct()
        .forEach(token -> next.add(state.offered(token, from + offer, late, former)));
  }
}
