package dev.conclave.lock;

import dev.conclave.backend.Lease;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.LastCause;
import dev.conclave.lease.ProcessLabel;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;

/** The failures of lock requests, and their messages. */
final class LockFailures {
  private LockFailures() {}

  /**
   * Others held the lock for the whole wait; the details name the last holder that was seen.
   *
   * @param since how long ago it was seen
   */
  static Throwable timeout(LockRequest request, Lease holder, Duration since) {
    long age = holder.age().plus(since).toMillis();
    long remaining = Math.max(0, holder.remaining().minus(since).toMillis());
    JsonObject details =
        new JsonObject()
            .put("name", request.getName())
            .put("waitTimeout", request.getWaitTimeout())
            .put("owner", holder.owner())
            .put("fencingToken", holder.fencingToken())
            .put("age", age)
            .put("remaining", remaining);
    return ErrorCode.TIMEOUT.failure(
        "lock '"
            + request.getName()
            + "' was not free within "
            + request.getWaitTimeout()
            + " ms; last seen held by '"
            + holder.owner()
            + "' for "
            + age
            + " ms, with "
            + remaining
            + " ms left",
        details);
  }

  /** The same failure; if the last holder that was seen is this process, its message names it. */
  static Throwable namingThisProcess(Throwable failure) {
    if (!(failure instanceof ServiceException timeout) || !ErrorCode.TIMEOUT.is(failure)) {
      return failure;
    }
    JsonObject details = timeout.getDebugInfo();
    return ProcessLabel.get().equals(details.getString("owner"))
        ? ErrorCode.TIMEOUT.failure(
            timeout.getMessage()
                + "; that is, held by this same process: a lock is not re-entrant by name",
            details)
        : failure;
  }

  /** The wait ended before an answer from the backend. */
  static Throwable unanswered(LockRequest request, SyncBackend backend) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        LastCause.added(
            "no answer from the backend for lock '"
                + request.getName()
                + "' within the waitTimeout of "
                + request.getWaitTimeout()
                + " ms",
            backend));
  }

  /** A grant came when its lease was over. */
  static Throwable late(LockRequest request) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the backend granted lock '"
            + request.getName()
            + "', but its answer took longer than the leaseDuration of "
            + request.getLeaseDuration()
            + " ms; the lock was released");
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

  static ServiceException notJson(RuntimeException cause) {
    return ErrorCode.INVALID.failure("metadata must hold nothing but JSON: " + cause.getMessage());
  }
}
