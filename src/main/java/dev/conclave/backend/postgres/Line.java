package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Those of this client who stand in some key's line. The database knows them by number, so that no
 * notification has to carry a token. Thread-safe.
 */
final class Line {
  private static final Logger LOG = System.getLogger(Line.class.getName());

  /** The database's clock runs its own way: a place is forgotten here a little later than there. */
  private static final long SLACK = Duration.ofSeconds(10).toNanos();

  private record Id(LeaseKey key, String token) {}

  private record Place(long number, Id id, Runnable turn, long until) {}

  private final String client;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Id, Place> byId = new ConcurrentHashMap<>();
  private final Map<Long, Place> byNumber = new ConcurrentHashMap<>();

  Line(String client) {
    this.client = client;
  }

  /** A line of the place this request wants, for the database; asking again keeps the number. */
  String join(LeaseRequest request, long now) {
    LeaseRequest.Waiter waiter = request.waiter();
    long patience = waiter.patience().toMillis();
    Place mine =
        byId.compute(
            new Id(request.key(), request.token()),
            (id, place) -> {
              long number = place == null ? numbers.incrementAndGet() : place.number;
              long until = now + waiter.patience().toNanos() + SLACK;
              Place renewed = new Place(number, id, waiter.turn(), until);
              byNumber.put(number, renewed);
              return renewed;
            });
    return new JsonArray()
        .add(
            new JsonObject()
                .put("t", request.token())
                .put("owner", request.owner())
                .put("client", client)
                .put("n", mine.number)
                .put("patience", patience))
        .encode();
  }

  void leave(LeaseKey key, String token) {
    if (!byId.isEmpty()) {
      Place left = byId.remove(new Id(key, token));
      if (left != null) {
        byNumber.remove(left.number);
      }
    }
  }

  /** It is this one's turn. One who has left is not called. */
  void call(long number) {
    Place place = byNumber.get(number);
    if (place != null) {
      run(place.turn);
    }
  }

  /** What this one waits for, or null when it has left. */
  LeaseKey keyOf(long number) {
    Place place = byNumber.get(number);
    return place == null ? null : place.id.key;
  }

  /** Notifications may have been lost: everybody should look again. */
  void callAll() {
    byId.values().forEach(place -> run(place.turn));
  }

  /** Forgets those whose patience is over. */
  void sweep(long now) {
    byId.values()
        .forEach(
            place -> {
              if (place.until - now < 0) {
                leave(place.id.key, place.id.token);
              }
            });
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  void clear() {
    byId.clear();
    byNumber.clear();
  }

  static void run(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException theirs) {
      LOG.log(Level.WARNING, "a waiter's or watcher's callback failed", theirs);
    }
  }
}
