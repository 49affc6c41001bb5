package dev.conclave.backend.memory;

import dev.conclave.backend.BackendFactory;
import dev.conclave.backend.SyncBackend;
import dev.conclave.config.ConfigSchema;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Type {@code memory}: no configuration beyond the type. */
public final class MemoryBackendFactory implements BackendFactory {
  @Override
  public String type() {
    return "memory";
  }

  @Override
  public SyncBackend create(Vertx vertx, JsonObject config) {
    ConfigSchema.named("backend-memory").check("backend", config);
    return new MemoryBackend(new ContextScheduler(vertx, vertx.getOrCreateContext()));
  }

  @Override
  public boolean isForOneProcess() {
    return true;
  }

  @Override
  public Class<?> expected(List<String> place) {
    return ConfigSchema.named("backend-memory").expected(place);
  }
}
