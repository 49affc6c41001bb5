package dev.conclave.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is said about a configuration that does not fit. */
class ConfigSchemaTest {
  private final ConfigSchema schema = ConfigSchema.named("test-only");

  private static JsonObject config() {
    return new JsonObject().put("name", "n").put("size", 1);
  }

  private String refusal(String path, JsonObject config) {
    try {
      schema.check(path, config);
    } catch (RuntimeException refused) {
      assertThat(refused).matches(ErrorCode.INVALID::is);
      return refused.getMessage();
    }
    throw new AssertionError("it fits: " + config);
  }

  @Test
  void whatFitsIsAnsweredAsItIs() {
    JsonObject config =
        config().put("hosts", new JsonArray().add(new JsonObject().put("host", "h")));
    assertThat(schema.check("", config)).isSameAs(config).isEqualTo(config.copy());
  }

  @Test
  void everythingThatIsMissingIsNamed() {
    assertThat(refusal("", new JsonObject()))
        .isEqualTo(
            "name is missing; expected a name; size is missing; expected a whole number, at least"
                + " 1");
    assertThat(refusal("backend", new JsonObject().put("size", 1)))
        .isEqualTo("backend.name is missing; expected a name");
    assertThatThrownBy(() -> schema.check("backend", null))
        .hasMessage("backend is missing; expected an object");
    assertThatThrownBy(() -> schema.check("", null))
        .hasMessage("the configuration is missing; expected an object");
  }

  @Test
  void placesInNestedListsAreNamed() {
    JsonArray hosts =
        new JsonArray()
            .add(new JsonObject().put("host", "a"))
            .add(new JsonObject().put("host", "b").put("ports", new JsonArray().add(1).add("x")))
            .add(new JsonObject().put("hots", "c"))
            .add("d");
    assertThat(refusal("", config().put("hosts", hosts)))
        .contains("hosts[1].ports[1] is \"x\"; expected a port")
        .contains("hosts[2].hots is not a known key; known here: host, ports")
        .contains("hosts[2].host is missing; expected a host name")
        .contains("hosts[3] is \"d\"");
  }

  @Test
  void severalMistakesAreReportedAtOnceAndEachOnce() {
    String message = refusal("", config().put("name", 5).put("size", "big").put("colour", "red"));
    assertThat(message.split("; (?=name|size|colour)"))
        .containsExactlyInAnyOrder(
            "name is 5; expected a name",
            "size is \"big\"; expected a whole number, at least 1",
            "colour is not a known key; known here: hosts, name, options, password, size");
  }

  @Test
  void secretsAreNeverRepeated() {
    assertThat(refusal("", config().put("password", "hunter2")))
        .isEqualTo("password has a wrong value; expected at least 8 characters");
    assertThat(refusal("", config().put("password", 12345678))).doesNotContain("12345678");
    assertThat(refusal("", config().put("options", new JsonObject().put("pin", "0815"))))
        .startsWith("options.pin has a wrong value")
        .doesNotContain("0815");
    assertThat(refusal("", config().put("options", "user:pw@host"))).doesNotContain("pw");
  }

  @Test
  void oddKeysAreShownAsTheyAre() {
    for (String key : List.of("5", "a b", "ü", "a/b", "a~b", "x.y", "100%", "a+b")) {
      assertThat(refusal("", config().put(key, 1))).startsWith(key + " is not a known key");
    }
  }

  @Test
  void nullsAndLongValuesAreShownShort() {
    assertThat(refusal("", config().putNull("name"))).isEqualTo("name is null; expected a name");
    assertThat(refusal("", config().put("size", "x".repeat(500)))).hasSizeLessThan(200);
  }

  @Test
  void manyThreadsMayCheckAtOnce() {
    assertThat(
            IntStream.range(0, 2_000)
                .parallel()
                .mapToObj(i -> refusal("", config().put("name", 5)))
                .distinct())
        .containsExactly("name is 5; expected a name");
  }
}
