package dev.conclave.backend.kubernetes;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.kubernetes.object.StoredObject;
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
 *       not replace the newer one, and has its own fencing token: a holding must not get the number
 *       of its successor.
 *   <li>A read that was sent after a version was known cannot be answered with an older one unless
 *       history went back (etcd was restored from a backup). Then the older one is believed, the
 *       listener is notified, and the version known before counts as deleted.
 *   <li>A holding that is not the one before it is reported to the listener.
 *   <li>An object that is gone leaves two things behind: the greatest fencing token of all that
 *       were deleted, which the objects created after it have to exceed; and its holder, if it was
 *       alive, for the time that it had left. It may believe for so long that it still holds the
 *       lease.
 *   <li>A holder that is left behind is dropped earlier when the next object continues its record:
 *       then that holder has seen the new object, and knows of the deletion.
 * </ol>
 */
final class Observations {
  /**
   * An entry.
   *
   * @param known since when this version is known
   * @param confirmed when it was received last
   */
  private record Entry(Observed observed, long known, long confirmed) {}

  private final Scheduler scheduler;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Map<String, Observed> orphans = new HashMap<>();
  private final Consumer<Observed> seen;
  private final Consumer<String> changed;
  private final Runnable wentBack;
  private long greatestDeleted;

  /**
   * @param seen called with every version; with the holder of a deleted object while it has no
   *     other holder
   * @param changed called with the name of an object that has become free or changed hands
   * @param wentBack called when the server's history went back
   */
  Observations(
      Scheduler scheduler, Consumer<Observed> seen, Consumer<String> changed, Runnable wentBack) {
    this.scheduler = scheduler;
    this.seen = seen;
    this.changed = changed;
    this.wentBack = wentBack;
  }

  /** What is known of the object, or null. */
  Observed get(String name) {
    Entry entry = entries.get(name);
    return entry == null ? null : entry.observed;
  }

  /** A live holder whose object was deleted, or null: it may not know of that yet. */
  Observed orphan(String name) {
    Observed orphan = orphans.get(name);
    return orphan != null && orphan.isLive(scheduler.nanoTime()) ? orphan : null;
  }

  /** The holder that an acquire of this object has to wait for, or null; not always live. */
  Observed inTheWay(String name) {
    Observed known = get(name);
    boolean held = known != null && known.isLive(scheduler.nanoTime());
    Observed orphan = orphan(name);
    return held || orphan == null ? known : orphan;
  }

  /** The holder with this token has released what was deleted. */
  void orphanReleased(String name, LeaseKey key, String token) {
    Observed orphan = orphan(name);
    if (orphan != null && orphan.isLiveFor(key, token, scheduler.nanoTime())) {
      orphans.remove(name);
      changed.accept(name);
    }
  }

  /**
   * Takes in the answer to a request, and returns what it was when it was the newest.
   *
   * @param asked when the request was sent
   */
  Observed observe(StoredObject version, long asked) {
    Entry known = entries.get(version.name());
    if (known != null && version.isOlderThan(known.observed.object()) && known.known - asked < 0) {
      deleted(version.name());
      wentBack.run();
    }
    return observe(version);
  }

  /** Takes in a version that a watch has just brought, as {@link #observe(StoredObject, long)}. */
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
    boolean repeated = known != null && !known.object().isOlderThan(version);
    entries.put(name, new Entry(next, repeated ? entries.get(name).known : now, now));
    dropOrphanThatIsContinuedBy(version);
    seen.accept(inTheWay(name));
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

  /** The object does not exist any more: another client has deleted it. */
  void deleted(String name) {
    Entry gone = entries.remove(name);
    if (gone != null) {
      greatestDeleted = Math.max(greatestDeleted, gone.observed.fencingToken());
      leaveBehind(name, gone.observed);
      changed.accept(name);
    }
  }

  private void leaveBehind(String name, Observed holder) {
    long now = scheduler.nanoTime();
    Observed other = orphan(name);
    if (holder.isLive(now) && (other == null || other.left(now) < holder.left(now))) {
      orphans.put(name, holder);
      scheduler.schedule(holder.left(now), () -> orphans.remove(name, holder));
    }
  }

  private void dropOrphanThatIsContinuedBy(StoredObject version) {
    Observed orphan = orphans.get(version.name());
    if (orphan != null && version.continues(orphan.object())) {
      orphans.remove(version.name());
    }
  }

  /** Drops what belongs to a listing and was not received since its beginning. */
  void forgetUnlisted(Predicate<StoredObject> belongs, long begin) {
    entries.values().stream()
        .filter(entry -> entry.confirmed - begin < 0 && belongs.test(entry.observed.object()))
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
