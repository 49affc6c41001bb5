package dev.conclave.lock;

import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.Lease;
import io.vertx.core.json.JsonObject;

/** The sentences that lock failures are told in. */
final class LockFailures {
  private LockFailures() {}

  /** Others held the lock all the while; the details name the last holder that was seen. */
  static Throwable timeout(LockRequest request, Lease holder) {
    JsonObject details =
        new JsonObject()
            .put("name", request.getName())
            .put("waitTimeout", request.getWaitTimeout());
    StringBuilder sentence =
        new StringBuilder("lock '")
            .append(request.getName())
            .append("' was not free within ")
            .append(request.getWaitTimeout())
            .append(" ms");
    if (holder != null) {
      details
          .put("owner", holder.owner())
          .put("fencingToken", holder.fencingToken())
          .put("age", holder.age().toMillis())
          .put("remaining", holder.remaining().toMillis());
      sentence
          .append("; last seen held by '")
          .append(holder.owner())
          .append("' for ")
          .append(holder.age().toMillis())
          .append(" ms, with ")
          .append(holder.remaining().toMillis())
          .append(" ms left");
    }
    return ErrorCode.TIMEOUT.failure(sentence.toString(), details);
  }

  static Throwable notOwner(String name) {
    return ErrorCode.NOT_OWNER.failure(
        "the token does not hold lock '" + name + "': it was released, revoked, or has expired");
  }

  static Throwable lost(String name, String why) {
    return ErrorCode.LOST.failure("lock '" + name + "' was lost: " + why);
  }

  static Throwable closed() {
    return ErrorCode.CLOSED.failure("the lock service is closed");
  }

  /** A failure with one of our codes as it is, any other as an unavailable backend. */
  static Throwable unavailable(Throwable cause) {
    return ErrorCode.of(cause) != null
        ? cause
        : ErrorCode.BACKEND_UNAVAILABLE.failure("the backend failed: " + cause.getMessage());
  }
}
