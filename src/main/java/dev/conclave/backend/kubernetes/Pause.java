package dev.conclave.backend.kubernetes;

import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Time that passes before something goes on. */
final class Pause {
  private Pause() {}

  /** Completes when the nanoseconds are over. */
  static Future<Void> of(Scheduler scheduler, long nanos) {
    Promise<Void> over = Promise.promise();
    scheduler.schedule(nanos, over::tryComplete);
    return over.future();
  }
}
