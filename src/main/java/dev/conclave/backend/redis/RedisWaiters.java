package dev.conclave.backend.redis;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * This client's side of the lines at Redis.
 *
 * <ol>
 *   <li>A request that wants to wait gets a number before it is sent; a request that asks again
 *       with the same token keeps it. The script writes number and channel into its place in line.
 *   <li>A message with that number is the waiter's turn. Message and answers come over two
 *       connections: a turn that overtakes the refusal waits for it.
 *   <li>A number ends with the grant, with a release, or when the patience is over after a refusal.
 *   <li>Whoever made an offer by a release looks after it: when it has lapsed, one more operation
 *       takes it to the next in line, until nothing is offered. There is at most one such check per
 *       key.
 * </ol>
 *
 * <p>To be used on the scheduler's thread only.
 */
final class RedisWaiters {
  private static final System.Logger LOG = System.getLogger(RedisWaiters.class.getName());

  /** The offer must have lapsed by the server's clock when the check arrives there. */
  private static final Duration SLACK = Duration.ofMillis(20);

  private record Place(LeaseKey key, String token) {
    /** Names the key; the token stays secret. */
    @Override
    public String toString() {
      return "place of " + key;
    }
  }

  private static final class Entry {
    private final long number;
    private final Place place;
    private LeaseRequest.Waiter waiter;
    private Scheduler.Timer end = () -> {};
    private int asking;
    private boolean turn;

    private Entry(long number, Place place) {
      this.number = number;
      this.place = place;
    }
  }

  private final Scheduler scheduler;
  private final Consumer<LeaseKey> lapse;
  private final Map<Long, Entry> byNumber = new HashMap<>();
  private final Map<Place, Entry> byPlace = new HashMap<>();
  private final Set<LeaseKey> offers = new HashSet<>();
  private long lastNumber;

  /**
   * @param lapse asks Redis to take an offer that has lapsed to the next in line
   */
  RedisWaiters(Scheduler scheduler, Consumer<LeaseKey> lapse) {
    this.scheduler = scheduler;
    this.lapse = lapse;
  }

  /** Before an operation goes out. */
  void sending(RedisRequest operation) {
    switch (operation.kind()) {
      case WAIT ->
          operation.waitsAs(
              enter(new Place(operation.key(), operation.token()), operation.waiter()));
      case RELEASE, LEAVE -> leave(operation);
      default -> {}
    }
  }

  /** When an operation was answered. */
  void answered(RedisRequest operation, Response answer) {
    switch (operation.kind()) {
      case ACQUIRE, WAIT -> {
        if (answer.type() == ResponseType.NUMBER) {
          leave(operation);
        } else {
          asked(operation);
        }
      }
      case RELEASE, LEAVE, REVOKE -> {
        if (answer.toInteger() >= 2 && offers.add(operation.key())) {
          check(operation.key(), SyncBackend.OFFER);
        }
      }
      case LAPSE -> {
        long left = answer.toLong();
        if (left > 0) {
          check(operation.key(), Duration.ofNanos(left * 1000));
        } else {
          offers.remove(operation.key());
        }
      }
      default -> {}
    }
  }

  /** When nothing is known of an operation that was sent. */
  void unanswered(RedisRequest operation) {
    asked(operation);
  }

  /** A lapse check that got no answer: the waiters' own patience has to do. */
  void lapseFailed(LeaseKey key) {
    offers.remove(key);
  }

  /** The turn of the waiter with this number, if it still waits. */
  void turn(long number) {
    Entry entry = byNumber.get(number);
    if (entry != null) {
      turn(entry);
    }
  }

  /** Messages may have been missed: everybody looks again. */
  void everybody() {
    new ArrayList<>(byNumber.values()).forEach(this::turn);
  }

  private void turn(Entry entry) {
    if (entry.asking > 0) {
      entry.turn = true;
    } else {
      call(entry);
    }
  }

  private void asked(RedisRequest operation) {
    Entry entry = operation.waiter() == null ? null : entry(operation);
    if (entry == null || --entry.asking > 0) {
      return;
    }
    entry.end = scheduler.schedule(entry.waiter.patience().toNanos(), () -> forget(entry));
    if (entry.turn) {
      entry.turn = false;
      scheduler.execute(() -> call(entry));
    }
  }

  /** How many waiters and offers are remembered. */
  int size() {
    return byNumber.size() + byPlace.size() + offers.size();
  }

  void close() {
    byNumber.clear();
    byPlace.clear();
    offers.clear();
  }

  private long enter(Place place, LeaseRequest.Waiter waiter) {
    Entry entry = byPlace.computeIfAbsent(place, p -> new Entry(++lastNumber, p));
    byNumber.put(entry.number, entry);
    entry.waiter = waiter;
    entry.end.cancel();
    entry.asking++;
    return entry.number;
  }

  private void leave(RedisRequest operation) {
    Entry entry = entry(operation);
    if (entry != null) {
      entry.end.cancel();
      forget(entry);
    }
  }

  private Entry entry(RedisRequest operation) {
    return byPlace.isEmpty() ? null : byPlace.get(new Place(operation.key(), operation.token()));
  }

  private void forget(Entry entry) {
    byNumber.remove(entry.number);
    byPlace.remove(entry.place);
  }

  private void check(LeaseKey key, Duration after) {
    scheduler.schedule(after.plus(SLACK).toNanos(), () -> lapse.accept(key));
  }

  private static void call(Entry entry) {
    try {
      entry.waiter.turn().run();
    } catch (Throwable broken) {
      LOG.log(System.Logger.Level.ERROR, "a waiter's turn for " + entry.place.key, broken);
    }
  }
}
