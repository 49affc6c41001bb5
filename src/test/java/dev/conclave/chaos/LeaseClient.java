package dev.conclave.chaos;

import dev.conclave.backend.ErrorCode;
import dev.conclave.chaos.Event.Type;
import dev.conclave.chaos.LeaseOperation.Kind;
import dev.conclave.chaos.LeaseOperation.Outcome;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.testing.Planted;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Random;

/**
 * Asks, extends and releases without waiting, and logs every call and answer: the history that is
 * checked for linearizability. All workers move to the next key every few seconds, so that no
 * history becomes longer than a search can take.
 */
final class LeaseClient {
  private static final long EPOCH = 4_000_000_000L;
  private static final long SHORTEST_LEASE = 250;
  private static final long LONGEST_LEASE = 900;

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
            outcome -> outcome == Outcome.YES ? more(key, token) : Future.succeededFuture(outcome))
        .onComplete(done -> vertx.setTimer(between(10, 150), timer -> next()));
  }

  private Future<Outcome> more(String key, String token) {
    return pause(between(0, 250))
        .compose(
            paused ->
                switch (random.nextInt(8)) {
                  case 0 -> acquire(key, token);
                  case 1, 2, 3 -> extend(key, token);
                  case 4 -> pause(LONGEST_LEASE).compose(late -> extend(key, token));
                  case 5 -> Future.succeededFuture(Outcome.UNKNOWN);
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
              // The service gives back what it may have been granted: some time, or never.
              asked(Kind.RELEASE, key, token, 0, sentAt);
              return Outcome.UNKNOWN;
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
                ErrorCode.NOT_OWNER.is(cause) ? answered(key, id, 0, Outcome.NO) : Outcome.UNKNOWN);
  }

  private Future<Outcome> release(String key, String token) {
    String id = asked(Kind.RELEASE, key, token, 0, System.nanoTime());
    return service
        .release(key, token)
        .map(released -> answered(key, id, 0, released ? Outcome.YES : Outcome.NO))
        .otherwise(Outcome.UNKNOWN);
  }

  private String asked(Kind kind, String key, String token, long lease, long sentAt) {
    String id = name + "-" + operations++;
    String what = kind + " " + token;
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
