package dev.conclave.examples;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import io.vertx.core.Vertx;
import java.time.Clock;

/** The example of a custom backend against the specification, as a stranger would test it. */
class SharedMapBackendTest extends SyncBackendContract {
  @Override
  protected SyncBackend open(Vertx vertx) {
    return new SharedMapBackend(vertx, "leases", Clock.systemUTC());
  }

  @Override
  protected boolean handsOver() {
    return false;
  }
}
