package dev.conclave.backend;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a caller who embeds Conclave may write in a backend's configuration. */
@ExtendWith(VertxExtension.class)
class BackendsTest {
  @Test
  void variablesOfTheEnvironmentAreExpanded(Vertx vertx) {
    SyncBackend backend =
        get(Backends.connect(vertx, new JsonObject().put("type", "${NOT_SET:memory}")));
    get(backend.close());
  }

  @Test
  void anUnsetVariableIsRefusedByKeyAndName(Vertx vertx) {
    JsonObject redis =
        new JsonObject()
            .put("type", "redis")
            .put("options", new JsonObject().put("password", "${NOT_SET}"));
    assertThat(failureOf(Backends.connect(vertx, redis)))
        .matches(ErrorCode.INVALID::is)
        .hasMessage(
            "backend.options.password uses the environment variable NOT_SET, which is not set and"
                + " has no default");
  }

  @Test
  void numbersAndBooleansAreExpandedAsWhatTheKeyExpects(Vertx vertx) {
    JsonObject options =
        new JsonObject()
            .put("host", "127.0.0.1")
            .put("port", "${NOT_SET:1}")
            .put("password", "${NOT_SET:12345}");
    JsonObject postgres =
        new JsonObject()
            .put("type", "postgres")
            .put("autoMigrate", "${NOT_SET:false}")
            .put("timeout", "${NOT_SET:500}")
            .put("options", options);
    assertThat(failureOf(Backends.connect(vertx, postgres)))
        .as("nothing is wrong but that no server listens there")
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);

    postgres.put("timeout", "${NOT_SET:soon}");
    assertThat(failureOf(Backends.connect(vertx, postgres)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.timeout is \"soon\"; expected milliseconds");
  }
}
