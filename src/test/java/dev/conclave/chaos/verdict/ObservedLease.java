package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A lease on a store without a clock (Kubernetes): it is dead for who has seen it unchanged for its
 * whole duration. There are no offers.
 *
 * <ol>
 *   <li>No client finds it dead before a whole duration after the renewal was asked for: none can
 *       have seen it before.
 *   <li>Who renewed it has seen it when that was answered. Everybody else has seen it when
 *       something was answered that they had asked for after the renewal was answered: an answer
 *       needs what was read after it was asked for.
 *   <li>A whole duration after a process has seen it, it is dead for that process, later by the
 *       slack at most; for who has not seen it yet it is alive.
 *   <li>Being dead changes nothing: it stays so for some and alive for others until a client
 *       writes.
 * </ol>
 */
public final class ObservedLease implements SequentialLease {
  private record Sight(LeaseOperation renewal, String process) {}

  private final List<LeaseOperation> all;
  private final long slack;
  private final Map<Sight, Long> seen = new HashMap<>();

  public ObservedLease(List<LeaseOperation> all, long slack) {
    this.all = all;
    this.slack = slack;
  }

  @Override
  public long latest(State state) {
    return Long.MAX_VALUE;
  }

  @Override
  public boolean idle(LeaseOperation operation, State state) {
    boolean held = state.phase() == Phase.HELD;
    boolean mine = state.isHeldBy(operation.token());
    boolean alive = isAlive(operation, state);
    boolean dead = isDead(operation, state);
    boolean yes = operation.outcome() == Outcome.YES;
    if (operation.outcome() == Outcome.UNKNOWN) {
      return false;
    }
    return switch (operation.kind()) {
      case ACQUIRE -> !yes && held && !mine && alive;
      case EXTEND, RELEASE -> !yes && (!mine || dead);
      case REVOKE -> !yes && (!held || dead);
      case LEAVE -> !yes;
      case FIND -> yes ? state.isFoundAs(operation.fence()) && alive : !held || dead;
      case OWNS -> yes ? mine && alive : !mine || dead;
    };
  }

  @Override
  public List<State> after(LeaseOperation operation, State state, long limit) {
    boolean held = state.phase() == Phase.HELD;
    boolean mine = state.isHeldBy(operation.token());
    boolean alive = isAlive(operation, state);
    if (operation.outcome() == Outcome.NO) {
      return List.of();
    }
    return switch (operation.kind()) {
      case ACQUIRE -> {
        List<State> same =
            mine && alive ? state.granted(operation, true, Long.MAX_VALUE) : List.of();
        boolean anew = same.isEmpty() && (!held || isDead(operation, state));
        yield anew ? state.granted(operation, false, Long.MAX_VALUE) : same;
      }
      case EXTEND -> mine && alive ? List.of(state.renewed(operation, Long.MAX_VALUE)) : List.of();
      case RELEASE -> mine && alive ? List.of(state.free(null)) : List.of();
      case REVOKE -> held && alive ? List.of(state.free(null)) : List.of();
      case FIND -> alive ? state.learned(operation) : List.of();
      case OWNS, LEAVE -> List.of();
    };
  }

  @Override
  public List<State> meanwhile(State state, long limit) {
    return List.of();
  }

  private static boolean isDead(LeaseOperation operation, State state) {
    return operation.to() >= state.early();
  }

  private boolean isAlive(LeaseOperation operation, State state) {
    LeaseOperation renewal = state.renewal();
    if (renewal == null || !renewal.answered()) {
      return true;
    }
    long since = seen.computeIfAbsent(new Sight(renewal, operation.process()), this::seenAt);
    return since == Long.MAX_VALUE || operation.from() <= since + renewal.duration() + slack;
  }

  private long seenAt(Sight sight) {
    return sight.process.equals(sight.renewal.process())
        ? sight.renewal.to()
        : all.stream()
            .filter(o -> o.process().equals(sight.process) && o.answered())
            .filter(o -> o.from() >= sight.renewal.to() && o.outcome() != Outcome.UNKNOWN)
            .mapToLong(LeaseOperation::to)
            .min()
            .orElse(Long.MAX_VALUE);
  }
}
