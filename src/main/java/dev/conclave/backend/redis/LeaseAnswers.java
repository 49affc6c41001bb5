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
 * What {@link LeaseScript} answers, and nothing else does: a proxy that speaks for a server, or a
 * script of another make, may answer anything. So every answer is looked at before it is believed.
 */
final class LeaseAnswers {
  private static final int LEASE_PARTS = 5;

  private LeaseAnswers() {}

  /** Whether these are the answers to so many operations. */
  static boolean areFor(int operations, Response response) {
    return response != null
        && response.type() == ResponseType.MULTI
        && response.size() == operations;
  }

  /** Whether it is the error of one operation. */
  static boolean isError(Response answer) {
    return answer.type() == ResponseType.BULK || answer.type() == ResponseType.ERROR;
  }

  /** Whether an operation can be answered so. */
  static boolean answers(RedisRequest operation, Response answer) {
    return switch (operation.kind()) {
      case ACQUIRE, WAIT -> isNumber(answer) || isLease(answer);
      case FIND -> answer == null || isLease(answer);
      case REGISTER -> isRegister(answer);
      default -> isNumber(answer);
    };
  }

  /** The lease that an answer shows. Fails when its metadata can not be read. */
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

  /** The register that an answer shows. Fails when it holds no number. */
  static Register register(Response answer) {
    String mark = answer.get(0).toString();
    return new Register(
        mark.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(mark)),
        Instant.EPOCH.plus(answer.get(1).toLong(), ChronoUnit.MICROS));
  }

  /** The microseconds that an answer to TIME shows; null if it is not one. */
  static Long time(Response answer) {
    if (answer == null || answer.type() != ResponseType.MULTI || answer.size() != 2) {
      return null;
    }
    try {
      return answer.get(0).toLong() * 1_000_000 + answer.get(1).toLong();
    } catch (RuntimeException notANumber) {
      return null;
    }
  }

  /** Its content is not repeated: nobody knows what it is. */
  static RuntimeException notUnderstood() {
    return new IllegalStateException("the answer can not be understood");
  }

  private static boolean isNumber(Response answer) {
    // The newer protocol has fractions and numbers of any size.
    return answer != null
        && answer.type() == ResponseType.NUMBER
        && answer.toNumber() instanceof Long;
  }

  private static boolean isLease(Response answer) {
    return answer != null
        && answer.type() == ResponseType.MULTI
        && answer.size() == LEASE_PARTS
        && isText(answer.get(0))
        && isNumber(answer.get(1))
        && isNumber(answer.get(2))
        && isNumber(answer.get(3))
        && isText(answer.get(4));
  }

  private static boolean isRegister(Response answer) {
    return answer != null
        && answer.type() == ResponseType.MULTI
        && answer.size() == 2
        && isText(answer.get(0))
        && isNumber(answer.get(1));
  }

  private static boolean isText(Response answer) {
    return answer != null && answer.type() == ResponseType.BULK;
  }
}
