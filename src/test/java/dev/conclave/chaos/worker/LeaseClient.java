package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.testing.Planted;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Asks, extends and releases without waiting, and logs every call and answer: the history that is
 * checked for linearizability. All workers move to the next key every few seconds, so that no
 * history becomes longer than a search can take.
 */
final class LeaseClient {
  /** How long all workers stay with one key, in nanoseconds. */
  static final long EPOCH = 4_000_000_000L;

  private static final long SHORTEST_LEASE = 250;
  private static final long LONGEST_LEASE = 900;

  private static final String NOBODY = "-";

  private final Vertx vertx;
  private final LockService service;
  private final ChaosWorker worker;
  private final String name;
  private final Random random;
  private int sequences;
  private int operations;

  LeaseClient(Vertx vertx, LockService service, ChaosWorker worker, String name, long seed) {
    this.vertx = vertx;
    this.service = service;
    this.worker = worker;
    this.name = name;
    this.random = new Random(seed);
  }

  void next() {
    if (worker.stopping()) {
      return;
    }
    String token = Planted.MARKER + "-of-" + name + "-" + sequences++;
    String key = "lease-" + System.nanoTime() / EPOCH;
    acquire(key, token)
        .compose(
            outcome ->
                outcome == Outcome.YES || random.nextInt(3) == 0
                    ? more(key, token)
                    : Future.succeededFuture(outcome))
        .onComplete(done -> vertx.setTimer(between(10, 150), timer -> next()));
  }

  private Future<Outcome> more(String key, String token) {
    return pause(between(0, 250))
        .compose(
            paused ->
                switch (random.nextInt(14)) {
                  case 0, 1 -> acquire(key, token);
                  case 2, 3, 4 -> extend(key, token);
                  case 5 -> pause(LONGEST_LEASE).compose(late -> extend(key, token));
                  case 6 -> Future.succeededFuture(Outcome.UNKNOWN);
                  case 7 -> revoke(key);
                  case 8 -> locked(key);
                  case 9 -> find(key);
                  case 10, 11 -> owned(key, token);
                  default -> release(key, token);
                })
        .compose(
            outcome ->
                outcome == Outcome.YES && random.nextInt(6) > 0
                    ? more(key, token)
                    : Future.succeededFuture(outcome));
  }

  private Future<Outcome> acquire(String key, String token) {
    long lease = between(SHORTEST_LEASE, LONGEST_LEASE);
    long sentAt = System.nanoTime();
    String id = asked(Kind.ACQUIRE, key, token, lease, sentAt);
    return service
        .acquire(
            new LockRequest()
                .setName(key)
                .setToken(token)
                .setOwner(name)
                .setLeaseDuration(lease)
                .setWaitTimeout(0))
        .map(grant -> answered(key, id, grant.getFencingToken(), Outcome.YES))
        .otherwise(
            cause -> {
              if (ErrorCode.TIMEOUT.is(cause)) {
                return answered(key, id, 0, Outcome.NO);
              }
              // The service releases what may have been granted: at some time, or never.
              answered(key, asked(Kind.RELEASE, key, token, 0, sentAt), 0, Outcome.UNKNOWN);
              return answered(key, id, 0, Outcome.UNKNOWN);
            });
  }

  private Future<Outcome> extend(String key, String token) {
    long lease = between(SHORTEST_LEASE, LONGEST_LEASE);
    String id = asked(Kind.EXTEND, key, token, lease, System.nanoTime());
    return service
        .extend(key, token, lease)
        .map(extended -> answered(key, id, 0, Outcome.YES))
        .otherwise(
            cause ->
                answered(key, id, 0, ErrorCode.NOT_OWNER.is(cause) ? Outcome.NO : Outcome.UNKNOWN));
  }

  private Future<Outcome> release(String key, String token) {
    return recorded(Kind.RELEASE, key, token, () -> service.release(key, token));
  }

  private Future<Outcome> revoke(String key) {
    return recorded(Kind.REVOKE, key, NOBODY, () -> service.revoke(key));
  }

  private Future<Outcome> locked(String key) {
    return recorded(Kind.FIND, key, NOBODY, () -> service.locked(key));
  }

  private Future<Outcome> owned(String key, String token) {
    return recorded(Kind.OWNS, key, token, () -> service.owned(key, token));
  }

  private Future<Outcome> find(String key) {
    String id = asked(Kind.FIND, key, NOBODY, 0, System.nanoTime());
    return service
        .find(key)
        .map(
            found ->
                found == null
                    ? answered(key, id, 0, Outcome.NO)
                    : answered(key, id, found.getFencingToken(), Outcome.YES))
        .otherwise(cause -> answered(key, id, 0, Outcome.UNKNOWN));
  }

  private Future<Outcome> recorded(
      Kind kind, String key, String token, Supplier<Future<Boolean>> call) {
    String id = asked(kind, key, token, 0, System.nanoTime());
    return call.get()
        .map(yes -> answered(key, id, 0, yes ? Outcome.YES : Outcome.NO))
        .otherwise(cause -> answered(key, id, 0, Outcome.UNKNOWN));
  }

  private String asked(Kind kind, String key, String token, long lease, long sentAt) {
    String id = name + "-" + operations++;
    String what = kind + " " + token.replace(Planted.MARKER, "token"); // violations are printed
    worker.log().add(Type.OPERATE, key, id, sentAt, 0, lease * 1_000_000, what);
    return id;
  }

  private Outcome answered(String key, String id, long fence, Outcome outcome) {
    worker.log().add(Type.OPERATED, key, id, System.nanoTime(), fence, 0, outcome.name());
    return outcome;
  }

  private Future<Outcome> pause(long millis) {
    return millis == 0 ? Future.succeededFuture(Outcome.YES) : vertx.timer(millis).map(Outcome.YES);
  }

  private long between(long least, long most) {
    return least + (long) (random.nextDouble() * (most - least + 1));
  }
}
