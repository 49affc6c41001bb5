package dev.conclave.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Environment variables in a configuration. */
class EnvironmentTest {
  private final Environment environment =
      new Environment(Map.of("HOST", "db", "PASSWORD", "a$1\\${HOST}", "EMPTY", "")::get);

  private String expanded(String text) {
    return environment.expand(new JsonObject().put("x", text)).getString("x");
  }

  @Test
  void variablesAndDefaultsAreExpandedAnywhereInAString() {
    assertThat(expanded("${HOST}")).isEqualTo("db");
    assertThat(expanded("redis://${HOST}:${PORT:6379}/${EMPTY}${NONE:}"))
        .isEqualTo("redis://db:6379/");
    assertThat(expanded("${URL:redis://h:1}")).isEqualTo("redis://h:1");
    assertThat(expanded("${HOST:other}")).isEqualTo("db");
    assertThat(expanded("${EMPTY:other}")).as("set, though empty").isEmpty();
  }

  @Test
  void whatAnExpansionBringsInIsNotExpandedAgain() {
    assertThat(expanded("${PASSWORD}")).isEqualTo("a$1\\${HOST}");
  }

  @Test
  void whatLooksAlikeStaysAsItIs() {
    for (String text : new String[] {"$HOST", "${}", "${1A}", "$ {HOST}", "{HOST}", "100 $"}) {
      assertThat(expanded(text)).isEqualTo(text);
    }
  }

  @Test
  void listsAndObjectsAreExpandedInACopy() {
    JsonObject config =
        new JsonObject()
            .put("list", new JsonArray().add("${HOST}").add(1).addNull())
            .put("deep", new JsonObject().put("x", "${HOST}").putNull("n").put("b", true));
    JsonObject before = config.copy();
    assertThat(environment.expand(config))
        .isEqualTo(
            new JsonObject()
                .put("list", new JsonArray().add("db").add(1).addNull())
                .put("deep", new JsonObject().put("x", "db").putNull("n").put("b", true)));
    assertThat(config).isEqualTo(before);
  }

  @Test
  void anUnsetVariableIsRefusedByKeyAndName() {
    assertThatThrownBy(
            () ->
                environment.expand(
                    new JsonObject()
                        .put("a", new JsonArray().add(new JsonObject().put("b", "${NONE}")))))
        .matches(ErrorCode.INVALID::is)
        .hasMessage(
            "a[0].b uses the environment variable NONE, which is not set and has no default");
  }

  @Test
  void aDefaultWithAVariableIsRefusedRatherThanMangled() {
    assertThatThrownBy(() -> expanded("${NONE:${HOST}}"))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("x uses the environment variable NONE");
  }
}
