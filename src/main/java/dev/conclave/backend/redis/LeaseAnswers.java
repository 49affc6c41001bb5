package dev.conclave.backend.redis;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.Register;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/** Reads results whose form was checked ({@link RedisRequest#hasResult}). */
final class LeaseAnswers {
  private LeaseAnswers() {}

  /** The lease in a result. Fails when its metadata cannot be read. */
  static Lease lease(LeaseKey key, Response answer) {
    String metadata = answer.get(4).toString();
    return new Lease(
        key,
        answer.get(0).toString(),
        answer.get(1).toLong(),
        Duration.of(answer.get(2).toLong(), ChronoUnit.MICROS),
        Duration.of(answer.get(3).toLong(), ChronoUnit.MICROS),
        metadata.isEmpty() ? null : new JsonObject(metadata));
  }

  /** The register in a result. Fails when its mark is not a number. */
  static Register register(Response answer) {
    String mark = answer.get(0).toString();
    return new Register(
        mark.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(mark)),
        Instant.EPOCH.plus(answer.get(1).toLong(), ChronoUnit.MICROS));
  }

  /** The microseconds in an answer to TIME; null if it is not one. */
  static Long time(Response answer) {
    if (!RedisRequest.isList(answer, 2)) {
      return null;
    }
    try {
      return answer.get(0).toLong() * 1_000_000 + answer.get(1).toLong();
    } catch (RuntimeException notANumber) {
      return null;
    }
  }

  /** The message does not repeat the unknown content. */
  static RuntimeException notUnderstood() {
    return new IllegalStateException("the answer cannot be understood");
  }
}
