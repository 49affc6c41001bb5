package dev.conclave.backend.memory;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** The memory backend against the specification. */
class MemoryBackendTest extends SyncBackendContract {
  @Override
  protected SyncBackend open(Vertx vertx) {
    return new MemoryBackendFactory().create(vertx, new JsonObject().put("type", "memory"));
  }

  @Override
  protected boolean sharesStore() {
    return false;
  }
}
