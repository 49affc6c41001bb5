package dev.conclave.backend.redis;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.Register;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/**
 * The results of {@link LeaseScript}. A proxy in front of a server, or another version of the
 * script, may return anything, so every result is checked before it is used.
 */
final class LeaseAnswers {
  private static final int LEASE_PARTS = 5;

  private LeaseAnswers() {}

  /** Whether these are the answers to so many operations. */
  static boolean areFor(int operations, Response response) {
    return isList(response, operations);
  }

  /** Whether it is a list of so many elements. The newer protocol has maps, which are not lists. */
  static boolean isList(Response answer, int size) {
    return answer != null
        && answer.type() == ResponseType.MULTI
        && answer.isArray()
        && answer.size() == size;
  }

  /** Whether it is the error of one operation. */
  static boolean isError(Response answer) {
    return answer.type() == ResponseType.BULK || answer.type() == ResponseType.ERROR;
  }

  /** Whether the operation has such a result. */
  static boolean answers(RedisRequest operation, Response answer) {
    return switch (operation.kind()) {
      case ACQUIRE, WAIT -> isNumber(answer) || isLease(answer);
      case FIND -> answer == null || isLease(answer);
      case REGISTER -> isRegister(answer);
      default -> isNumber(answer);
    };
  }

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
    if (!isList(answer, 2)) {
      return null;
    }
    try {
      return answer.get(0).toLong() * 1_000_000 + answer.get(1).toLong();
    } catch (RuntimeException notANumber) {
      return null;
    }
  }

  /** The unknown content is not repeated. */
  static RuntimeException notUnderstood() {
    return new IllegalStateException("the answer cannot be understood");
  }

  private static boolean isNumber(Response answer) {
    // The newer protocol has fractions and numbers of any size.
    return answer != null
        && answer.type() == ResponseType.NUMBER
        && answer.toNumber() instanceof Long;
  }

  private static boolean isLease(Response answer) {
    return isList(answer, LEASE_PARTS)
        && isText(answer.get(0))
        && isNumber(answer.get(1))
        && isNumber(answer.get(2))
        && isNumber(answer.get(3))
        && isText(answer.get(4));
  }

  private static boolean isRegister(Response answer) {
    return isList(answer, 2) && isText(answer.get(0)) && isNumber(answer.get(1));
  }

  private static boolean isText(Response answer) {
    return answer != null && answer.type() == ResponseType.BULK;
  }
}
