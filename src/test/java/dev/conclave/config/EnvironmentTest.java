package dev.conclave.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Environment variables in a configuration. */
class EnvironmentTest {
  private final Environment environment =
      new Environment(
          Map.of(
                  "HOST",
                  "db",
                  "PASSWORD",
                  "a$1\\${HOST}",
                  "EMPTY",
                  "",
                  "DIGITS",
                  "5433",
                  "YES",
                  "true")
              ::get);

  private String expanded(String text) {
    return expand(new JsonObject().put("x", text)).getString("x");
  }

  private JsonObject expand(JsonObject config) {
    return environment.expand("", config, place -> String.class);
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
    assertThat(expand(config))
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
                expand(
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

  private Object typed(String text, Class<?> expected) {
    return environment.expand("", new JsonObject().put("x", text), place -> expected).getValue("x");
  }

  @Test
  void anExpansionThatIsTheWholeValueMayBeANumberOrABoolean() {
    assertThat(typed("${DIGITS}", Number.class)).isEqualTo(5433);
    assertThat(typed("${NONE:0.25}", Number.class)).isEqualTo(0.25);
    assertThat(typed("${NONE:31622400000}", Number.class)).isEqualTo(31622400000L);
    assertThat(typed("${YES}", Boolean.class)).isEqualTo(true);
    assertThat(typed("${NONE:false}", Boolean.class)).isEqualTo(false);
  }

  @Test
  void whereAStringIsExpectedDigitsStayAString() {
    assertThat(typed("${DIGITS}", String.class)).isEqualTo("5433");
    assertThat(typed("${YES}", String.class)).isEqualTo("true");
  }

  @Test
  void whatIsNeitherOrNotTheWholeValueStaysAStringToBeRefusedByItsKey() {
    assertThat(typed("${HOST}", Number.class)).isEqualTo("db");
    assertThat(typed("${YES}", Number.class)).isEqualTo("true");
    assertThat(typed("${DIGITS}", Boolean.class)).isEqualTo("5433");
    assertThat(typed("${EMPTY}", Number.class)).isEqualTo("");
    assertThat(typed("5${NONE:}", Number.class)).isEqualTo("5");
    assertThat(typed("15000", Number.class)).isEqualTo("15000");
  }

  @Test
  void placesOfNestedValuesAreReported() {
    List<List<String>> asked = new ArrayList<>();
    JsonArray list = new JsonArray().add(1).add(new JsonObject().put("b.c", "${DIGITS}"));
    environment.expand(
        "backend",
        new JsonObject().put("a", list),
        place -> {
          asked.add(place);
          return String.class;
        });
    assertThat(asked).containsExactly(List.of("a", "1", "b.c"));
  }
}
