package dev.conclave.backend.support;

import dev.conclave.backend.support.GroupCommit.Call;
import dev.conclave.backend.support.GroupCommit.Entry;
import dev.conclave.backend.support.KeyRules.Rank;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Requests of one key are under way one after the other, those of different keys together.
 *
 * <ol>
 *   <li>The key whose oldest request has waited longest comes first.
 *   <li>Requests of one key are answered as if they were sent in their order.
 *   <li>Consecutive reads of a key are sent together, and equal reads are sent once. So many
 *       readers cost one round trip.
 *   <li>A renewal changes nothing for the requests of other holders, and they change nothing for
 *       it. So it overtakes them, and a holder's renewal does not wait for the requests of others.
 *       It does not overtake a request of its own holder, nor one without a holder: that may end
 *       any holding.
 *   <li>After {@link #PATIENCE} renewals in a row, one of the requests that they have overtaken
 *       follows.
 * </ol>
 */
final class WaitingByKey<Q, A> implements Waiting<Q, A> {
  /** How many renewals of its key may overtake a request. */
  static final int PATIENCE = 8;

  /** Stands for no holder; no renewal overtakes its requests. */
  private static final Object NONE = new Object();

  private final KeyRules<Q> rules;
  private final Map<Object, Lane> lanes = new HashMap<>();
  private final TreeMap<Long, Lane> ready = new TreeMap<>();
  private int size;

  WaitingByKey(KeyRules<Q> rules) {
    this.rules = rules;
  }

  @Override
  public void add(Call<Q, A> call) {
    Lane lane = lanes.computeIfAbsent(call.key, Lane::new);
    size++;
    boolean first = lane.isEmpty();
    lane.add(call);
    if (first && !lane.busy) {
      ready.put(lane.oldest(), lane);
    }
  }

  @Override
  public List<Entry<Q, A>> take(int most) {
    List<Entry<Q, A>> taken = new ArrayList<>(Math.min(size, most));
    while (taken.size() < most && !ready.isEmpty()) {
      Lane lane = ready.pollFirstEntry().getValue();
      int before = taken.size();
      lane.take(taken, most);
      if (taken.size() > before) {
        lane.busy = true;
      } else {
        lanes.remove(lane.key); // all that waited has ended
      }
    }
    return taken;
  }

  @Override
  public void ended(List<Entry<Q, A>> entries) {
    for (Entry<Q, A> entry : entries) {
      Object key = entry.calls().get(0).key;
      Lane lane = lanes.get(key);
      if (lane == null || !lane.busy) {
        continue; // another read of the same key has ended with it
      }
      lane.busy = false;
      if (lane.isEmpty()) {
        lanes.remove(key);
      } else {
        ready.put(lane.oldest(), lane);
      }
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void clear() {
    lanes.clear();
    ready.clear();
    size = 0;
  }

  /** The requests that wait for one key. */
  private final class Lane {
    private final Deque<Call<Q, A>> renewals = new ArrayDeque<>(1);
    private final Deque<Step<Q, A>> steps = new ArrayDeque<>(1);
    private final Map<Object, Integer> holdersInSteps = new HashMap<>(1);
    private final Object key;
    private int renewalsInARow;
    private boolean busy;

    Lane(Object key) {
      this.key = key;
    }

    void add(Call<Q, A> call) {
      Rank rank = rules.rank(call.request);
      if (rank == Rank.RENEWAL && !isBehind(holder(call))) {
        renewals.add(call);
      } else if (rank == Rank.READ) {
        addRead(call);
      } else {
        holdersInSteps.merge(holder(call), 1, Integer::sum);
        steps.add(new Step<>(call, null));
      }
    }

    private boolean isBehind(Object holder) {
      return holdersInSteps.containsKey(holder) || holdersInSteps.containsKey(NONE);
    }

    private Object holder(Call<Q, A> call) {
      Object holder = rules.holder(call.request);
      return holder == null ? NONE : holder;
    }

    private void addRead(Call<Q, A> call) {
      Step<Q, A> last = steps.peekLast();
      if (last == null || last.reads == null) {
        last = new Step<>(call, new LinkedHashMap<>(2));
        steps.add(last);
      }
      last.reads
          .computeIfAbsent(rules.question(call.request), question -> new ArrayList<>(1))
          .add(call);
    }

    boolean isEmpty() {
      return renewals.isEmpty() && steps.isEmpty();
    }

    /** The number of the oldest call. */
    long oldest() {
      long renewal = renewals.isEmpty() ? Long.MAX_VALUE : renewals.peek().number;
      return steps.isEmpty() ? renewal : Math.min(renewal, steps.peek().first.number);
    }

    /** Adds the requests that are sent next; none when all that waited have ended. */
    void take(List<Entry<Q, A>> taken, int most) {
      int before = taken.size();
      while (taken.size() == before && !isEmpty()) {
        boolean renews = !renewals.isEmpty() && (renewalsInARow < PATIENCE || steps.isEmpty());
        renewalsInARow = renews && !steps.isEmpty() ? renewalsInARow + 1 : 0;
        if (renews) {
          takeOne(renewals.poll(), taken);
        } else if (steps.peek().reads == null) {
          Call<Q, A> call = steps.poll().first;
          holdersInSteps.computeIfPresent(holder(call), (h, n) -> n == 1 ? null : n - 1);
          takeOne(call, taken);
        } else {
          takeReads(taken, most);
        }
      }
    }

    private void takeOne(Call<Q, A> call, List<Entry<Q, A>> taken) {
      size--;
      if (!call.done) {
        taken.add(new Entry<>(call.request, List.of(call)));
      }
    }

    private void takeReads(List<Entry<Q, A>> taken, int most) {
      Iterator<List<Call<Q, A>>> questions = steps.peek().reads.values().iterator();
      while (taken.size() < most && questions.hasNext()) {
        List<Call<Q, A>> calls = questions.next();
        questions.remove();
        size -= calls.size();
        calls.removeIf(call -> call.done);
        if (!calls.isEmpty()) {
          // The latest call has the latest deadline.
          taken.add(new Entry<>(calls.get(calls.size() - 1).request, calls));
        }
      }
      if (steps.peek().reads.isEmpty()) {
        steps.poll();
      }
    }
  }

  /**
   * Requests of one key that are sent together.
   *
   * @param first the oldest call
   * @param reads all calls by their question; null when the call is not a read
   */
  private record Step<Q, A>(Call<Q, A> first, Map<Object, List<Call<Q, A>>> reads) {}
}
