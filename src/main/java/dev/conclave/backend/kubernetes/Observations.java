package dev.conclave.backend.kubernetes;

import dev.conclave.time.Scheduler;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What this process has seen of the objects, and since when. Everything that comes from the API
 * server passes here: answers, lists and watches. To be used on one thread.
 *
 * <ol>
 *   <li>A version in which the holder has done something starts its time anew, from the moment of
 *       its arrival: never earlier than it happened.
 *   <li>A version in which others have changed something else (a label, say) does not.
 *   <li>A version that was overtaken on its way, an answer by a watch or the other way round, does
 *       not replace the newer one, and has its own fencing token: a holding must not be told the
 *       number of the one that followed it.
 *   <li>A holding that is not the one before it is told to the listener.
 *   <li>An object that is gone leaves one thing behind: the greatest fencing token of all that were
 *       deleted, which the objects created after it have to exceed.
 * </ol>
 */
final class Observations {
  /** An entry, and when it was heard of last. */
  private record Entry(Observed observed, long heard) {}

  private final Scheduler scheduler;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Consumer<Observed> seen;
  private final Consumer<String> changed;
  private long greatestDeleted;

  /**
   * @param seen told of every version
   * @param changed told the name of an object that has become free or changed hands
   */
  Observations(Scheduler scheduler, Consumer<Observed> seen, Consumer<String> changed) {
    this.scheduler = scheduler;
    this.seen = seen;
    this.changed = changed;
  }

  /** What is known of the object, or null. */
  Observed get(String name) {
    Entry entry = entries.get(name);
    return entry == null ? null : entry.observed;
  }

  /** Takes in a version that has just arrived, and says what it was when it was the newest. */
  Observed observe(StoredObject version) {
    long now = scheduler.nanoTime();
    String name = version.name();
    Observed known = get(name);
    if (known != null && version.isOlderThan(known.object())) {
      return new Observed(version, now, version.fencingToken());
    }
    if (known != null && !known.object().isSameObject(version)) {
      deleted(name);
      known = null;
    }
    boolean unchanged = known != null && known.object().isUnchanged(version);
    long fence = version.fencingToken();
    Observed next =
        new Observed(
            version,
            unchanged ? known.since() : now,
            known == null ? fence : Math.max(fence, known.fencingToken()));
    entries.put(name, new Entry(next, now));
    seen.accept(next);
    if (known == null || !known.object().isSameHolding(version)) {
      changed.accept(name);
    }
    return next;
  }

  /** Takes in the last version of an object that a watch reports as deleted. */
  void observeDeletion(StoredObject last) {
    greatestDeleted = Math.max(greatestDeleted, last.fencingToken());
    Observed known = get(last.name());
    if (known != null && known.object().isSameObject(last)) {
      deleted(last.name());
    }
  }

  /** The object is not there any more: somebody has deleted it. */
  void deleted(String name) {
    Entry gone = entries.remove(name);
    if (gone != null) {
      greatestDeleted = Math.max(greatestDeleted, gone.observed.fencingToken());
      changed.accept(name);
    }
  }

  /** Drops what belongs to a listing and was not heard of since its beginning. */
  void forgetUnlisted(Predicate<StoredObject> belongs, long begin) {
    entries.values().stream()
        .filter(entry -> entry.heard - begin < 0 && belongs.test(entry.observed.object()))
        .map(entry -> entry.observed.object().name())
        .filter(Objects::nonNull)
        .toList()
        .forEach(this::deleted);
  }

  /** Objects that are created must have a greater fencing token than this. */
  long greatestDeleted() {
    return greatestDeleted;
  }

  /** How many objects are remembered. */
  int size() {
    return entries.size();
  }
}
