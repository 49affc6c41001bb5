package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Those of this client who stand in some key's line. The database knows them by number, so that no
 * notification has to carry a token. Thread-safe.
 *
 * <p>A turn that comes while its waiter is asking anyway is kept until the answer: it is dropped
 * with a grant, and passed on after a refusal. So nobody is called for what he is about to get.
 */
final class PostgresWaiters {
  private static final Logger LOG = System.getLogger(PostgresWaiters.class.getName());

  /** The database's clock runs its own way: a place is forgotten here a little later than there. */
  private static final long SLACK = Duration.ofSeconds(10).toNanos();

  private record Id(LeaseKey key, String token) {
    /** Names the key; the token stays secret. */
    @Override
    public String toString() {
      return "place of " + key;
    }
  }

  private record Place(long number, Runnable turn, long until, int asking, boolean called) {}

  private final String client;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Id, Place> places = new ConcurrentHashMap<>();
  private final Map<Long, Id> ids = new ConcurrentHashMap<>();

  PostgresWaiters(String client) {
    this.client = client;
  }

  /**
   * A line of the place this request wants, for the database; asking again keeps the number. To be
   * followed by {@link #answered}.
   */
  String join(LeaseRequest request, long now) {
    LeaseRequest.Waiter waiter = request.waiter();
    Place mine =
        places.compute(
            new Id(request.key(), request.token()),
            (id, place) -> {
              long until = now + waiter.patience().toNanos() + SLACK;
              if (place != null) {
                return new Place(
                    place.number, waiter.turn(), until, place.asking + 1, place.called);
              }
              long number = numbers.incrementAndGet();
              ids.put(number, id);
              return new Place(number, waiter.turn(), until, 1, false);
            });
    return new JsonArray()
        .add(
            new JsonObject()
                .put("t", request.token())
                .put("owner", request.owner())
                .put("client", client)
                .put("n", mine.number)
                .put("patience", waiter.patience().toMillis()))
        .encode();
  }

  /**
   * What became of a request that wanted a place: with a grant it has left the line. Answers the
   * turn that was kept for after a refusal, or null.
   */
  Runnable answered(LeaseKey key, String token, boolean granted) {
    if (granted) {
      leave(key, token);
      return null;
    }
    Runnable[] turn = new Runnable[1];
    places.computeIfPresent(
        new Id(key, token),
        (id, place) -> {
          int asking = Math.max(0, place.asking - 1);
          boolean over = asking == 0;
          turn[0] = over && place.called ? place.turn : null;
          return new Place(place.number, place.turn, place.until, asking, place.called && !over);
        });
    return turn[0];
  }

  void leave(LeaseKey key, String token) {
    if (!places.isEmpty()) {
      Place left = places.remove(new Id(key, token));
      if (left != null) {
        ids.remove(left.number);
      }
    }
  }

  /** It is this one's turn. One who has left is not called. */
  void call(long number) {
    Id who = ids.get(number);
    if (who != null) {
      call(who);
    }
  }

  private void call(Id who) {
    Runnable[] turn = new Runnable[1];
    places.computeIfPresent(
        who,
        (id, place) -> {
          if (place.asking > 0) {
            return new Place(place.number, place.turn, place.until, place.asking, true);
          }
          turn[0] = place.turn;
          return place;
        });
    run(turn[0]);
  }

  /** What this one waits for, or null when it has left. */
  LeaseKey keyOf(long number) {
    Id who = ids.get(number);
    return who == null ? null : who.key;
  }

  /** Notifications may have been lost: everybody should look again. */
  void callAll() {
    List.copyOf(places.keySet()).forEach(this::call);
  }

  /** Forgets those whose patience is over. */
  void sweep(long now) {
    places.forEach(
        (id, place) -> {
          if (place.until - now < 0) {
            leave(id.key, id.token);
          }
        });
  }

  boolean isEmpty() {
    return places.isEmpty();
  }

  void clear() {
    places.clear();
    ids.clear();
  }

  /** Runs a caller's callback, if there is one, whatever it throws. */
  static void run(Runnable callback) {
    if (callback != null) {
      try {
        callback.run();
      } catch (Throwable theirs) {
        LOG.log(Level.WARNING, "a waiter's or watcher's callback failed", theirs);
      }
    }
  }
}
