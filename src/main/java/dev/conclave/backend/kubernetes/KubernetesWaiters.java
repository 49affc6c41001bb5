package dev.conclave.backend.kubernetes;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Watch;
import dev.conclave.backend.support.HintRegistry;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The watches and the refused requests that are notified when an object becomes free or changes
 * hands. To be used on one thread.
 *
 * <ol>
 *   <li>A watch is notified until it is closed; a waiter once, or until its patience is over.
 *   <li>A name with listeners has one timer, for the moment when its holder expires without a
 *       renewal.
 *   <li>A name without listeners leaves nothing behind.
 * </ol>
 */
final class KubernetesWaiters {
  private final Scheduler scheduler;
  private final HintRegistry hints = new HintRegistry();
  private final Map<String, Group> groups = new HashMap<>();

  KubernetesWaiters(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** The waiters of one object, and the timer for its watches too. */
  private static final class Group {
    private final Map<String, Waiter> waiters = new LinkedHashMap<>();
    private Scheduler.Timer expiry = () -> {};
  }

  private record Waiter(Runnable notification, Scheduler.Timer patience) {}

  /** Adds a watch. */
  Watch watch(String name, Runnable hint, Observed seen) {
    Watch added = hints.add(name, hint);
    group(name);
    arm(name, seen);
    return () -> {
      added.close();
      Group group = groups.get(name);
      if (group != null) {
        tidy(name, group);
      }
    };
  }

  /** Adds a refused request, in place of an earlier one of its token. */
  void await(String name, String token, LeaseRequest.Waiter waiter, Observed seen) {
    leave(name, token);
    Scheduler.Timer patience =
        scheduler.schedule(waiter.patience().toNanos(), () -> leave(name, token));
    group(name).waiters.put(token, new Waiter(waiter.notification(), patience));
    arm(name, seen);
  }

  /** The token does not wait any more. */
  void leave(String name, String token) {
    Group group = groups.get(name);
    if (group != null) {
      Waiter waiter = group.waiters.remove(token);
      if (waiter != null) {
        waiter.patience.cancel();
      }
      tidy(name, group);
    }
  }

  /** The object was seen: its holder may have more or less time now. */
  void seen(Observed observed) {
    arm(observed.object().name(), observed);
  }

  /** The object became free or changed hands: notifies all, soon. */
  void changed(String name) {
    Group group = groups.get(name);
    if (group == null) {
      return;
    }
    scheduler.execute(() -> hints.changed(name));
    group.waiters.values().forEach(waiter -> waiter.patience.cancel());
    group.waiters.values().forEach(waiter -> notify(waiter.notification));
    group.waiters.clear();
    tidy(name, group);
  }

  /** Forgets all. */
  void clear() {
    groups
        .values()
        .forEach(
            group -> {
              group.expiry.cancel();
              group.waiters.values().forEach(waiter -> waiter.patience.cancel());
            });
    groups.clear();
    hints.clear();
  }

  /** How many objects have listeners. */
  int size() {
    return groups.size();
  }

  private Group group(String name) {
    return groups.computeIfAbsent(name, n -> new Group());
  }

  private void arm(String name, Observed seen) {
    Group group = groups.get(name);
    if (group == null || seen == null) {
      return;
    }
    group.expiry.cancel();
    long now = scheduler.nanoTime();
    if (seen.isLive(now)) {
      group.expiry = scheduler.schedule(seen.left(now), () -> expire(name, seen));
    }
  }

  private void expire(String name, Observed seen) {
    if (seen.isLive(scheduler.nanoTime())) {
      arm(name, seen); // the timer was early
    } else {
      changed(name);
    }
  }

  private void tidy(String name, Group group) {
    if (group.waiters.isEmpty() && !hints.contains(name)) {
      group.expiry.cancel();
      groups.remove(name);
    }
  }

  private void notify(Runnable waiter) {
    scheduler.execute(() -> CallerContext.guarded(waiter));
  }
}
