package dev.conclave.task.guard;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Attempt;
import dev.conclave.lease.HeldLease;
import dev.conclave.lease.Tokens;
import dev.conclave.task.guard.Guard.Hold;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;

/**
 * The task's own lock: a lease of kind {@code task}.
 *
 * <ol>
 *   <li>One {@link Attempt}. What it may have acquired is released unless its grant is valid.
 *   <li>It renews itself while the run lasts.
 *   <li>After a run that was shorter than {@code minHold} the lease is not released. It is set to
 *       end {@code minHold} after the arrival of the grant, and nothing here has to wait for that.
 * </ol>
 */
public final class TaskLock implements Guard {
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final LeaseKey key;
  private final String worker;
  private final Duration lease;
  private final long minHold;

  /** The lock of one task. */
  public TaskLock(
      Scheduler scheduler,
      SyncBackend backend,
      String task,
      String worker,
      Duration lease,
      Duration minHold) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.key = TaskKeys.run(task);
    this.worker = worker;
    this.lease = lease;
    this.minHold = minHold.toNanos();
  }

  @Override
  public Future<Hold> take(Instant fireTime) {
    String token = Tokens.random();
    Attempt attempt =
        new Attempt(scheduler)
            .send(() -> backend.acquire(LeaseRequest.of(key, token, lease, worker)));
    return Attempt.orRelease(
            scheduler,
            attempt.answer(),
            lease.toNanos(),
            this::late,
            () -> CallerContext.attempt(() -> backend.release(key, token)))
        .compose(
            answer ->
                answer.acquisition() instanceof Acquisition.Refused refused
                    ? Guard.Refusal.now(
                        Guard.Reason.LOCKED,
                        refused.holder().remaining().toNanos(),
                        "'" + refused.holder().owner() + "' holds " + key)
                    : Future.succeededFuture(
                        new Held(token, answer.fencingToken(), answer.sentAt())));
  }

  private Throwable late() {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the grant of " + key + " came when its lease was over");
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
      long unlimited = LeaseRequest.MAX_DURATION.toNanos();
      this.held =
          new HeldLease(
              scheduler,
              null,
              this,
              new HeldLease.Terms(key.toString(), lease.toNanos(), unlimited, true),
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
      // When the store does not answer, it is unknown whether the lease was still held.
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
