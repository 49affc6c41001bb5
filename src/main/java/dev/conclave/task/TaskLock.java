package dev.conclave.task;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.LeaseRules;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.HeldLease;
import dev.conclave.lease.Tokens;
import dev.conclave.task.Guard.Hold;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;

/**
 * The task's own lock: a lease of kind {@code task}.
 *
 * <ol>
 *   <li>One try. A grant that comes when its validity is over is none; an answer that does not come
 *       may have been a grant. Both are given back.
 *   <li>It renews itself while the run lasts.
 *   <li>After a run that was quicker than {@code minHold} it is not released but set to last for
 *       what is left, counted from the arrival of the grant, and left to run out by itself: so it
 *       needs nobody here any more.
 * </ol>
 */
final class TaskLock implements Guard {
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final LeaseKey key;
  private final String worker;
  private final Duration lease;
  private final long minHold;

  TaskLock(Scheduler scheduler, SyncBackend backend, TaskDefinition task, String worker) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.key = TaskKeys.run(task.name());
    this.worker = worker;
    this.lease = task.lease();
    this.minHold = task.minHold().toNanos();
  }

  @Override
  public Future<Hold> take(Instant fireTime) {
    String token = Tokens.random();
    long sentAt = scheduler.nanoTime();
    Future<Acquisition> answer = backend.acquire(LeaseRequest.of(key, token, lease, worker));
    return CallerContext.on(scheduler, answer)
        .compose(
            acquisition -> {
              if (acquisition instanceof Acquisition.Refused refused) {
                return Guard.Refusal.now(
                    TaskOutcome.SKIPPED_LOCKED,
                    refused.holder().remaining().toNanos(),
                    "'" + refused.holder().owner() + "' holds " + key);
              }
              if (scheduler.nanoTime() - Validity.until(sentAt, lease.toNanos()) >= 0) {
                backend.release(key, token);
                return Future.failedFuture(
                    ErrorCode.BACKEND_UNAVAILABLE.failure(
                        "the grant of " + key + " came when its lease was over"));
              }
              long fencingToken = ((Acquisition.Granted) acquisition).fencingToken();
              return Future.succeededFuture(new Held(token, fencingToken, sentAt));
            },
            failure -> {
              backend.release(key, token);
              return Future.failedFuture(failure);
            });
  }

  private final class Held implements Hold, HeldLease.Store {
    private final String token;
    private final long fencingToken;
    private final long grantedAt = scheduler.nanoTime();
    private final HeldLease held;
    private boolean ran;

    private Held(String token, long fencingToken, long sentAt) {
      this.token = token;
      this.fencingToken = fencingToken;
      long forEver = LeaseRules.MAX_DURATION.toNanos();
      this.held =
          new HeldLease(
              scheduler,
              null,
              this,
              new HeldLease.Terms(key.toString(), lease.toNanos(), forEver, true),
              sentAt);
    }

    @Override
    public boolean isValid() {
      return held.isValid();
    }

    @Override
    public void onLost(Runnable handler) {
      held.onLost(handler);
    }

    @Override
    public long fencingToken() {
      return fencingToken;
    }

    @Override
    public int rank() {
      return Guards.TASK_LOCK;
    }

    @Override
    public Future<Boolean> release(boolean ran) {
      this.ran = ran;
      // Whether it was held can not be told when the store does not answer.
      return held.release().otherwise(true);
    }

    @Override
    public Future<Void> extend(long millis) {
      return backend
          .extend(key, token, Duration.ofMillis(millis))
          .compose(
              extended ->
                  extended
                      ? Future.succeededFuture()
                      : Future.failedFuture(
                          ErrorCode.NOT_OWNER.failure(key + " is not held any more")));
    }

    @Override
    public Future<Boolean> release() {
      long left = Math.floorDiv(minHold - (scheduler.nanoTime() - grantedAt), 1_000_000);
      return ran && left > 0
          ? backend.extend(key, token, Duration.ofMillis(left))
          : backend.release(key, token);
    }
  }
}
