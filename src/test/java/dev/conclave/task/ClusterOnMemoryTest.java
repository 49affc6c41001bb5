package dev.conclave.task;

import io.vertx.core.json.JsonObject;

class ClusterOnMemoryTest extends ClusterContract {
  @Override
  protected JsonObject backend() {
    return new JsonObject().put("type", "memory");
  }
}
