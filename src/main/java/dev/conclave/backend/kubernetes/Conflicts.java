package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;

/**
 * The conflicts of one operation. One is a lost race and costs no time; after several in a row,
 * another client writes without a pause, or reads do not show the version that writes are compared
 * with.
 */
final class Conflicts {
  private final Scheduler scheduler;
  private int count;

  Conflicts(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Counts one more, and completes when the object may be read again. */
  Future<Void> pause(Deadline deadline, String name) {
    count++;
    if (count == 1) {
      return Future.succeededFuture();
    }
    long pause = ApiClient.BACKOFF.after(count - 1);
    return pause < deadline.left()
        ? scheduler.after(pause)
        : Future.failedFuture(
            ErrorCode.BACKEND_UNAVAILABLE.failure(
                "'" + name + "' was changed by other clients at each of " + count + " attempts"));
  }
}
