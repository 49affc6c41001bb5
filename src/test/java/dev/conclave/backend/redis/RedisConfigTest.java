package dev.conclave.backend.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.Backends;
import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a configuration may say, and what is said about one that breaks a rule. */
class RedisConfigTest extends RedisFixture {
  private static JsonObject redis() {
    return new JsonObject().put("type", "redis");
  }

  private static JsonObject options(Map<String, Object> options) {
    return redis().put("options", new JsonObject(options));
  }

  @Test
  void theTypeAloneIsEnough() {
    RedisConfig config = RedisConfig.of(redis());
    assertThat(config.name()).hasToString("Redis at localhost:6379");
    assertThat(config.prefix()).isEqualTo("conclave");
    assertThat(config.timeout()).hasSeconds(5);
    assertThat(config.idleRetention()).hasDays(1);
  }

  @Test
  void theNameHasEveryPlaceAndNoCredential() {
    JsonObject json =
        options(
            Map.of(
                "type",
                "CLUSTER",
                "endpoints",
                new JsonArray()
                    .add("redis://user:p%40ss@one:7000")
                    .add("rediss://two")
                    .add("unix:///run/redis.sock?password=hidden")));
    assertThat(RedisConfig.of(json).name())
        .hasToString("Redis at one:7000, two:6379, /run/redis.sock");
    assertThat(RedisConfig.of(json).name().safe("p@ss, p%40ss and hidden at redis://user:x@h"))
        .isEqualTo("***, *** and *** at redis://h");
  }

  @Test
  void whatBreaksARuleIsRefusedByName() {
    refused(redis().put("adress", "x"), "backend.adress", "options", "prefix", "timeout");
    refused(redis().put("prefix", "a{b}"), "backend.prefix", "letters, digits");
    refused(redis().put("prefix", ""), "backend.prefix");
    refused(redis().put("timeout", 0), "backend.timeout is 0", "milliseconds");
    refused(redis().put("idleRetention", "1d"), "backend.idleRetention", "milliseconds");
    refused(redis().put("options", "redis://x"), "backend.options", "RedisOptions");
    refused(options(Map.of("conectionString", "redis://x")), "backend.options.conectionString");
    refused(options(Map.of("type", "SINGLE")), "backend.options.type", "STANDALONE");
    refused(options(Map.of("useReplicas", "SHARE")), "useReplicas is SHARE", "NEVER");
    refused(options(Map.of("role", "REPLICA")), "role is REPLICA", "MASTER");
    refused(options(Map.of("useReplicas", "SOMETIMES")), "backend.options", "RedisOptions");
    refused(
        options(Map.of("connectionString", "redis://x", "endpoints", new JsonArray().add("y"))),
        "both connectionString and endpoints");
  }

  @Test
  void aMisspeltOptionIsRefusedInOneSentence() {
    assertThatThrownBy(() -> Backends.create(vertx, options(Map.of("conectionString", "x"))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.options.conectionString is not a known key")
        .hasMessageNotContaining("backend.options is not a known key");
    assertThatThrownBy(
            () -> Backends.create(vertx, options(Map.of("conectionString", "x")).put("adress", 1)))
        .hasMessageContaining("backend.options.conectionString is not a known key")
        .hasMessageContaining("backend.adress is not a known key");
  }

  @Test
  void aWrongConnectionStringIsNotRepeated() {
    for (String wrong :
        new String[] {
          "localhost:6379",
          "http://:s3cret@host",
          "redis://:s3 cret@host",
          "redis://:s3cret@",
          "s3cret"
        }) {
      refused(options(Map.of("connectionString", wrong)), "redis://host:6379");
    }
  }

  private void refused(JsonObject config, String... parts) {
    assertThatThrownBy(() -> Backends.create(vertx, config))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll(parts)
        .hasMessageNotContaining("s3")
        .hasMessageNotContaining("cret");
  }
}
