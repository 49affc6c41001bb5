package dev.conclave.task.guard;

import dev.conclave.backend.Lease;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.task.guard.Guard.Hold;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The guards of a task's runs, in the order in which they are taken. */
public final class Guards {
  /** Ranks of fencing tokens: a run uses the token with the smallest rank. */
  public static final int TASK_LOCK = 0;

  public static final int RESOURCE = 1;
  public static final int TICK = 2;
  public static final int LEADERSHIP = 3;

  /** The pause before a retry when the remaining time is unknown. */
  private static final long RETRY_PAUSE = Duration.ofSeconds(1).toNanos();

  private Guards() {}

  /** Requires that this worker leads. */
  public static Guard leadership(Leadership leadership) {
    return fireTime -> {
      if (!leadership.isLeader()) {
        return Guard.Refusal.now(
            Guard.Reason.NOT_LEADER,
            0,
            "this worker does not lead '" + leadership.election() + "'");
      }
      return Future.succeededFuture(new Leading(leadership));
    };
  }

  /** Requires the lock: {@code withLock} renews it, and ends when the hold is released. */
  public static Guard resource(DistributedLock lock) {
    return fireTime -> {
      Promise<Hold> taken = Promise.promise();
      Promise<Void> done = Promise.promise();
      Promise<Boolean> ended = Promise.promise();
      lock.<Void>withLock(
              handle -> {
                taken.complete(new Resource(handle, done, ended.future()));
                return done.future();
              })
          .onComplete(
              outcome -> {
                ended.complete(!ErrorCode.LOST.is(outcome.cause()));
                if (outcome.failed()) {
                  taken.tryFail(outcome.cause());
                }
              });
      return taken
          .future()
          .recover(
              failure ->
                  ErrorCode.TIMEOUT.is(failure) || ErrorCode.OVERLOADED.is(failure)
                      ? Guard.Refusal.now(Guard.Reason.LOCKED, RETRY_PAUSE, failure.getMessage())
                      : Future.failedFuture(failure));
    };
  }

  /** Requires that the task is not paused. */
  public static Guard unpaused(String task, Scheduler scheduler, SyncBackend backend) {
    return new PauseGuard(task, scheduler, backend);
  }

  private record Resource(LockHandle handle, Promise<Void> done, Future<Boolean> ended)
      implements Hold {
    @Override
    public boolean isValid() {
      return handle.isValid();
    }

    @Override
    public void onLost(Runnable handler) {
      handle.onLost(handler);
    }

    @Override
    public long fencingToken() {
      return handle.fencingToken();
    }

    @Override
    public int rank() {
      return RESOURCE;
    }

    @Override
    public Future<Boolean> release(boolean ran) {
      done.tryComplete();
      return ended;
    }
  }

  /** One term of leadership: a later term of the same worker is another hold. */
  private static final class Leading implements Hold {
    private final Leadership leadership;
    private final long fencingToken;
    private final Promise<Void> done = Promise.promise();
    private Watch loss = () -> {};

    private Leading(Leadership leadership) {
      this.leadership = leadership;
      this.fencingToken = leadership.fencingToken();
      leadership.during(done.future());
    }

    @Override
    public boolean isValid() {
      return leadership.isLeader() && leadership.fencingToken() == fencingToken;
    }

    @Override
    public void onLost(Runnable handler) {
      loss = leadership.onLoss(handler);
    }

    @Override
    public long fencingToken() {
      return fencingToken;
    }

    @Override
    public int rank() {
      return LEADERSHIP;
    }

    @Override
    public Future<Boolean> release(boolean ran) {
      loss.close();
      done.tryComplete();
      return Future.succeededFuture(true);
    }
  }

  /** Only refuses, and holds nothing. During an outage, the backend's last answer counts. */
  private static final class PauseGuard implements Guard {
    private static final Hold NOTHING = new Nothing();

    private final String task;
    private final Scheduler scheduler;
    private final SyncBackend backend;
    private boolean paused;

    private PauseGuard(String task, Scheduler scheduler, SyncBackend backend) {
      this.task = task;
      this.scheduler = scheduler;
      this.backend = backend;
    }

    @Override
    public Future<Hold> take(Instant fireTime) {
      return CallerContext.on(scheduler, backend.find(TaskKeys.paused(task)))
          .map(Optional<Lease>::isPresent)
          .otherwise(unknown -> paused)
          .compose(
              answer -> {
                paused = answer;
                return answer
                    ? Guard.Refusal.ever(Guard.Reason.PAUSED, "the task is paused")
                    : Future.succeededFuture(NOTHING);
              });
    }
  }

  private static final class Nothing implements Hold.Permanent {
    @Override
    public long fencingToken() {
      return 0;
    }

    @Override
    public int rank() {
      return Integer.MAX_VALUE;
    }
  }
}
