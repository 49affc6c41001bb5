package dev.conclave.backend.postgres;

import dev.conclave.backend.BackendFactory;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.ClientLibrary;
import dev.conclave.config.ConfigSchema;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Type {@code postgres}. Configuration: {@code uri} and/or {@code options} (the {@code
 * PgConnectOptions} of Vert.x), {@code table}, {@code autoMigrate}, {@code notifications}, {@code
 * timeout} and {@code idleRetention} in milliseconds.
 */
public final class PostgresBackendFactory implements BackendFactory {
  /** For the service loader. */
  public PostgresBackendFactory() {}

  @Override
  public String type() {
    return "postgres";
  }

  @Override
  public SyncBackend create(Vertx vertx, JsonObject config) {
    ClientLibrary.require(type(), "io.vertx.pgclient.PgConnection", "io.vertx:vertx-pg-client");
    return PostgresBackend.create(vertx, config);
  }

  @Override
  public Class<?> expected(List<String> place) {
    return ConfigSchema.named("backend-postgres").expected(place);
  }
}
