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
 * place, and {@code until} in the future), or <i>free</i> (anything else).
 */
final class MemoryRecord {
  /** Numbers the holdings, each greater than all before. */
  @FunctionalInterface
  interface FenceClock {
    long next(long now);
  }

  /** A place in line. */
  record Place(String token, String owner, Runnable turn, long until) {
    /** Names the owner; the token stays secret. */
    @Override
    public String toString() {
      return "place of " + owner;
    }
  }

  private final LeaseKey key;
  private final Deque<Place> line = new ArrayDeque<>(1);
  private String token;
  private Place offer;
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
      joinLine(request, now);
      return new Acquisition.Refused(view(now));
    }
    leaveLine(request.token());
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

  /** Ends a place in line, or an offer; answers that no holding has ended. */
  boolean leave(String byToken, long now, long offerMicros) {
    leaveLine(byToken);
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
    for (Place next = line.poll(); next != null && offer == null; next = line.poll()) {
      if (next.until > now) {
        offer = next;
        until = now + offerMicros;
        return;
      }
    }
  }

  private void joinLine(LeaseRequest request, long now) {
    LeaseRequest.Waiter waiter = request.waiter();
    if (waiter == null) {
      return;
    }
    Place place =
        new Place(request.token(), request.owner(), waiter.turn(), now + micros(waiter.patience()));
    if (line.isEmpty()) {
      line.add(place);
      return;
    }
    Deque<Place> kept = new ArrayDeque<>();
    boolean seen = false;
    for (Place other : line) {
      if (other.token.equals(place.token)) {
        kept.add(place);
        seen = true;
      } else if (other.until > now) {
        kept.add(other);
      }
    }
    if (!seen) {
      kept.add(place);
    }
    line.clear();
    line.addAll(kept);
  }

  private void leaveLine(String byToken) {
    if (!line.isEmpty()) {
      line.removeIf(place -> place.token.equals(byToken));
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

  /** Whose turn it is, or null when nothing is offered. */
  Place offer(long now) {
    return isOffered(now) ? offer : null;
  }

  /** Whether the record says nothing that an absent one does not say. */
  boolean isBlank(long now) {
    return until <= now
        && offer == null
        && (line.isEmpty() || line.stream().noneMatch(place -> place.until > now));
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
