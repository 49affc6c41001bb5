package dev.conclave.backend.kubernetes;

import dev.conclave.backend.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;

/** When an operation has to have ended, whatever it takes. */
final class Deadline {
  private final Scheduler scheduler;
  private final Duration timeout;
  private final long at;

  /** A deadline that is this far away. */
  Deadline(Scheduler scheduler, Duration timeout) {
    this.scheduler = scheduler;
    this.timeout = timeout;
    this.at = scheduler.nanoTime() + timeout.toNanos();
  }

  /** Nanoseconds from now; not positive when it is over. */
  long left() {
    return at - scheduler.nanoTime();
  }

  boolean isOver() {
    return left() <= 0;
  }

  /** The failure of what has not ended by then. */
  ServiceException failure(String what) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        what + " did not answer within " + timeout.toMillis() + " ms");
  }
}
