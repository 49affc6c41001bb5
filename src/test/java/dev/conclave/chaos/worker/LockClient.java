package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.Labels;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockService;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Takes locks one after the other: waiting or not, giving up or not, renewing or not, holding
 * shorter or longer than the lease. All workers move to the next locks every few seconds; who holds
 * or waits finishes on the old ones.
 */
final class LockClient {
  static final long SHORTEST_LEASE = 800;
  static final String KEYS = "lock-";
  private static final String SELDOM = "seldom-";
  private static final int EPOCHS_APART = 6;
  private static final long MILLI = 1_000_000;

  private final Vertx vertx;
  private final LockService service;
  private final ChaosWorker worker;
  private final String name;
  private final Random random;
  private final int keys;
  private int attempts;

  LockClient(
      Vertx vertx, LockService service, ChaosWorker worker, String name, long seed, int keys) {
    this.vertx = vertx;
    this.service = service;
    this.worker = worker;
    this.name = name;
    this.random = new Random(seed);
    this.keys = keys;
  }

  void next() {
    if (worker.stopping()) {
      return;
    }
    String key = key();
    String id = name + "-" + attempts++;
    boolean waits = random.nextInt(4) > 0;
    boolean renews = random.nextInt(3) == 0;
    LockOptions options =
        new LockOptions()
            .setLeaseDuration(between(SHORTEST_LEASE, Limits.LONGEST_LEASE))
            .setWaitTimeout(waits ? between(1, Limits.LONGEST_WAIT) : 0)
            .setRenew(renews)
            .setMaxHold(30_000);
    Promise<Void> giveUp = Promise.promise();
    if (waits && random.nextInt(6) == 0) {
      vertx.setTimer(between(1, options.getWaitTimeout()), timer -> giveUp.complete());
    }
    long asked = System.nanoTime();
    // Who does not wait is answered as soon as the store answers.
    long patience = waits ? options.getWaitTimeout() : Limits.LOCK_TIMEOUT;
    long deadline = asked + patience * MILLI;
    long lease = options.getLeaseDuration() * MILLI;
    worker.log().add(Type.ASK, key, id, asked, lease, deadline, waits ? Labels.WAITS : Labels.ONCE);
    DistributedLock.create(vertx, service, key, options)
        .acquire(giveUp.future())
        .onSuccess(
            handle -> {
              answered(key, id, handle.fencingToken(), "granted");
              held(key, id, handle, renews, options.getLeaseDuration())
                  .onComplete(done -> later(between(1, 60)));
            })
        .onFailure(
            cause -> {
              boolean gaveUp = giveUp.future().isComplete() || worker.stopping();
              answered(key, id, 0, code(cause) + (gaveUp ? Labels.GIVEN_UP : ""));
              later(between(20, 200));
            });
  }

  /**
   * One request in eight is for a lock that is asked for so seldom that the store has dropped its
   * record meanwhile.
   */
  private String key() {
    long epoch = System.nanoTime() / LeaseClient.EPOCH;
    return random.nextInt(8) == 0
        ? SELDOM + epoch % EPOCHS_APART
        : KEYS + random.nextInt(keys) + "-" + epoch;
  }

  private Future<?> held(String key, String id, LockHandle handle, boolean renews, long lease) {
    AtomicBoolean stopped = new AtomicBoolean();
    worker.claims().hold(id, key, handle);
    handle.onLost(() -> worker.claims().end(id, "lost"));
    long hold =
        switch (random.nextInt(4)) {
          case 0 -> between(1, 20);
          case 1 -> renews ? between(lease, 3 * lease) : between(lease, lease + 600);
          default -> between(20, 300);
        };
    Future<Void> work = worker.work().run(key, id, handle.fencingToken(), between(5, 80), stopped);
    vertx.setTimer(hold, timer -> stopped.set(true));
    return work.transform(
        done -> {
          worker.claims().end(id, "released");
          return release(key, id, handle);
        });
  }

  private Future<Boolean> release(String key, String id, LockHandle handle) {
    String call = Labels.RELEASE + id;
    long fence = handle.fencingToken();
    long asked = System.nanoTime();
    String what = handle.isValid() ? Labels.HELD : Labels.NOT_HELD;
    long by = asked + Limits.LOCK_TIMEOUT * MILLI;
    worker.log().add(Type.CALL, key, call, asked, fence, by, what);
    return handle
        .release()
        .map(Object::toString)
        .otherwise(this::failed)
        .map(
            answer -> {
              worker.log().add(Type.RETURN, key, call, System.nanoTime(), fence, 0, answer);
              return answer.equals("true");
            });
  }

  /** What is closing may refuse. */
  private String failed(Throwable cause) {
    return code(cause) + (worker.stopping() ? Labels.GIVEN_UP : "");
  }

  private void answered(String key, String id, long fence, String outcome) {
    worker.log().add(Type.ANSWER, key, id, System.nanoTime(), fence, 0, outcome);
  }

  static String code(Throwable cause) {
    ErrorCode code = ErrorCode.of(cause);
    return code == null ? "no code: " + cause : code.name();
  }

  private void later(long millis) {
    vertx.setTimer(millis, timer -> next());
  }

  private long between(long least, long most) {
    return least + (long) (random.nextDouble() * (most - least + 1));
  }
}
