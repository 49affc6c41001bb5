package dev.conclave.backend.memory;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One key's state and the rules by which it changes; all times are microseconds of the backend's
 * clock. Not thread-safe: the backend calls it under the key's own lock.
 *
 * <p>The state is one of: <i>held</i> (a token, and {@code until} in the future), <i>offered</i> (a
 * position, and {@code until} in the future), or <i>free</i> (anything else).
 */
final class MemoryRecord {
  /** Numbers the holdings, each greater than all before. */
  @FunctionalInterface
  interface FenceClock {
    long next(long now);
  }

  /** A position in the queue. */
  record Position(String token, String owner, Runnable notification, long until) {
    /** Names the owner; the token stays secret. */
    @Override
    public String toString() {
      return "position of " + owner;
    }
  }

  private final LeaseKey key;
  private final Deque<Position> queue = new ArrayDeque<>(1);
  private String token;
  private Position offer;
  private long until;
  private String owner;
  private JsonObject metadata;
  private long fencingToken;
  private long since;
  private boolean lapseIsTimed;

  MemoryRecord(LeaseKey key) {
    this.key = key;
  }

  Acquisition acquire(LeaseRequest request, long now, FenceClock fences) {
    boolean live = until > now;
    boolean mine = live && offer == null && request.token().equals(token);
    boolean offeredToMe = live && offer != null && request.token().equals(offer.token);
    if (live && !mine && !offeredToMe) {
      enqueue(request, now);
      return new Acquisition.Refused(view(now));
    }
    dequeue(request.token());
    if (!mine) {
      fencingToken = fences.next(now);
      since = now;
      token = request.token();
      offer = null;
    }
    owner = request.owner();
    metadata = request.metadata();
    until = now + micros(request.duration());
    return new Acquisition.Granted(fencingToken);
  }

  boolean extend(String byToken, Duration duration, long now) {
    if (!isHeldBy(byToken, now)) {
      return false;
    }
    until = now + micros(duration);
    return true;
  }

  boolean release(String byToken, long now, long offerMicros) {
    boolean held = isHeldBy(byToken, now);
    leave(byToken, now, offerMicros);
    if (held) {
      vacate(now, offerMicros);
    }
    return held;
  }

  /** Ends a position in the queue, or an offer; returns false, because no holding ends. */
  boolean leave(String byToken, long now, long offerMicros) {
    dequeue(byToken);
    if (isOffered(now) && byToken.equals(offer.token)) {
      vacate(now, offerMicros);
    }
    return false;
  }

  boolean revoke(long now, long offerMicros) {
    boolean held = isHeld(now);
    if (held) {
      vacate(now, offerMicros);
    }
    return held;
  }

  /** Whether a timer is needed for the lapse of an offer; not again until {@link #lapsed}. */
  boolean timeLapse(long now) {
    boolean needed = isOffered(now) && !lapseIsTimed;
    lapseIsTimed |= needed;
    return needed;
  }

  /**
   * The timer has fired: lets an overdue offer lapse.
   *
   * @return how long a live offer still has, for the timer to be set again, or 0
   */
  long lapsed(long now, long offerMicros) {
    if (offer != null && until <= now) {
      vacate(now, offerMicros);
    }
    lapseIsTimed = isOffered(now);
    return lapseIsTimed ? until - now : 0;
  }

  private void vacate(long now, long offerMicros) {
    token = null;
    offer = null;
    until = now;
    for (Position next = queue.poll(); next != null && offer == null; next = queue.poll()) {
      if (next.until > now) {
        offer = next;
        until = now + offerMicros;
        return;
      }
    }
  }

  private void enqueue(LeaseRequest request, long now) {
    LeaseRequest.Waiter waiter = request.waiter();
    if (waiter == null) {
      return;
    }
    Position position =
        new Position(
            request.token(),
            request.owner(),
            waiter.notification(),
            now + micros(waiter.patience()));
    if (queue.isEmpty()) {
      queue.add(position);
      return;
    }
    Deque<Position> kept = new ArrayDeque<>();
    boolean seen = false;
    for (Position other : queue) {
      if (other.token.equals(position.token)) {
        kept.add(position);
        seen = true;
      } else if (other.until > now) {
        kept.add(other);
      }
    }
    if (!seen) {
      kept.add(position);
    }
    queue.clear();
    queue.addAll(kept);
  }

  private void dequeue(String byToken) {
    if (!queue.isEmpty()) {
      queue.removeIf(position -> position.token.equals(byToken));
    }
  }

  boolean isHeld(long now) {
    return token != null && until > now;
  }

  boolean isHeldBy(String byToken, long now) {
    return isHeld(now) && token.equals(byToken);
  }

  boolean isOffered(long now) {
    return offer != null && until > now;
  }

  /** The position that the lease is offered to, or null. */
  Position offer(long now) {
    return isOffered(now) ? offer : null;
  }

  /** Whether the record means the same as an absent one. */
  boolean isBlank(long now) {
    return until <= now
        && offer == null
        && (queue.isEmpty() || queue.stream().noneMatch(position -> position.until > now));
  }

  long until() {
    return until;
  }

  Lease view(long now) {
    boolean held = isHeld(now);
    return new Lease(
        key,
        held ? owner : offer.owner,
        fencingToken,
        held ? duration(now - since) : Duration.ZERO,
        duration(until - now),
        held ? metadata : null);
  }

  private static long micros(Duration duration) {
    return duration.toMillis() * 1000;
  }

  private static Duration duration(long micros) {
    return Duration.ofNanos(Math.max(0, micros) * 1000);
  }
}
