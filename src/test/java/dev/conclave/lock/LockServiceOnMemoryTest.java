package dev.conclave.lock;

import io.vertx.core.json.JsonObject;

/** Verticle, proxy and locks on the memory backend. */
class LockServiceOnMemoryTest extends LockServiceContract {
  @Override
  JsonObject backend() {
    return new JsonObject().put("type", "memory");
  }

  @Override
  boolean sharesStore() {
    return false;
  }

  @Override
  long resources() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("conclave"))
        .count();
  }
}
