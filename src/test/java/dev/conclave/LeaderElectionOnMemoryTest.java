package dev.conclave;

import io.vertx.core.json.JsonObject;

class LeaderElectionOnMemoryTest extends LeaderElectionContract {
  @Override
  JsonObject backend() {
    return new JsonObject().put("type", "memory");
  }

  @Override
  boolean sharesStore() {
    return false;
  }
}
