package dev.conclave.backend.redis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order of the operations of one call: those with the same terms together, where the order
 * makes no difference.
 *
 * <ol>
 *   <li>An operation joins a run that it {@linkplain RedisRequest#follows follows}, of the few
 *       latest; else it begins a new one.
 *   <li>Operations on one record keep their order: none joins a run before that of an earlier one.
 * </ol>
 */
final class LeaseRuns {
  /** Where all terms differ, a longer search would cost more than it saves. */
  private static final int LATEST = 8;

  private record Run(RedisRequest first, List<Integer> places) {}

  private final List<Run> runs = new ArrayList<>(2);

  /** The latest run of each record whose latest run is not the first one. */
  private final Map<String, Integer> runOf = new HashMap<>();

  private int size;

  /**
   * Adds the next operation.
   *
   * @param place identifies it
   */
  void add(RedisRequest operation, int place) {
    int earliest =
        Math.max(runOf.getOrDefault(operation.record(), 0), Math.max(0, runs.size() - LATEST));
    int index = runs.size() - 1;
    while (index >= earliest
        && !operation.follows(runs.get(index).first, runs.get(index).places.size())) {
      index--;
    }
    if (index < earliest) {
      index = runs.size();
      runs.add(new Run(operation, new ArrayList<>()));
    }
    runs.get(index).places.add(place);
    if (index > 0) {
      runOf.put(operation.record(), index);
    }
    size++;
  }

  /** The places of all operations, in the order in which they are sent. */
  List<Integer> places() {
    if (runs.size() == 1) {
      return runs.get(0).places;
    }
    List<Integer> all = new ArrayList<>(size);
    runs.forEach(run -> all.addAll(run.places));
    return all;
  }
}
