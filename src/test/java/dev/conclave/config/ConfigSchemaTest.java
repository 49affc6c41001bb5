package dev.conclave.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
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

  @Test
  void aSchemaMayTakeAPartOfAnotherOneAndOverrideIt() {
    ConfigSchema references = ConfigSchema.named("test-references");
    JsonObject wrong =
        new JsonObject()
            .put("whole", new JsonArray().add(new JsonObject().put("hots", "c")))
            .put("size", 10)
            .put("sizes", new JsonArray().add(1).add(9));
    assertThatThrownBy(() -> references.check("", wrong))
        .hasMessageContaining("whole[0].hots is not a known key; known here: host, ports")
        .hasMessageContaining("size is 10; expected a whole number, at least 1")
        .hasMessageContaining("sizes[0] is 1; expected a number from 2 to 9");
    assertThat(references.expected(List.of("sizes", "0"))).isEqualTo(Number.class);
  }

  @Test
  void theBoundsOfANumberAreThoseOfTheSchema() {
    ConfigSchema.Range range = ConfigSchema.named("test-references").range("sizes", "items");
    assertThat(range).isEqualTo(new ConfigSchema.Range(2, 9));
    assertThatCode(() -> range.check("size", 2L)).doesNotThrowAnyException();
    assertThatCode(() -> range.check("size", 9)).doesNotThrowAnyException();
    for (Number outside : List.of(1, 10L, 9.1, Double.NaN)) {
      assertThatThrownBy(() -> range.check("size", outside))
          .matches(ErrorCode.INVALID::is)
          .hasMessage("size " + outside + " must be from 2 to 9");
    }
  }
}
