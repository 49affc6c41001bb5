package dev.conclave.backend.kubernetes;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;

/** When an operation has to have ended, whatever it takes. */
final class Deadline {
  private final Scheduler scheduler;
  private final Duration timeout;
  private final long began;
  private final long at;

  /** A deadline that is this far away. */
  Deadline(Scheduler scheduler, Duration timeout) {
    this.scheduler = scheduler;
    this.timeout = timeout;
    this.began = scheduler.nanoTime();
    this.at = began + timeout.toNanos();
  }

  /** When the operation came in. */
  long began() {
    return began;
  }

  /** Nanoseconds from now; not positive when it is over. */
  long left() {
    return at - scheduler.nanoTime();
  }

  boolean isOver() {
    return left() <= 0;
  }

  /** The same outcome, or the failure when it has not come by then. */
  <T> Future<T> bound(Future<T> future, String what) {
    if (future.isComplete()) {
      return future;
    }
    Promise<T> promise = Promise.promise();
    Scheduler.Timer timer =
        scheduler.schedule(Math.max(0, left()), () -> promise.tryFail(failure(what)));
    future.onComplete(
        outcome -> {
          timer.cancel();
          if (outcome.succeeded()) {
            promise.tryComplete(outcome.result());
          } else {
            promise.tryFail(outcome.cause());
          }
        });
    return promise.future();
  }

  /** The failure of what has not ended by then. */
  ServiceException failure(String what) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        what + " did not answer within " + timeout.toMillis() + " ms");
  }
}
