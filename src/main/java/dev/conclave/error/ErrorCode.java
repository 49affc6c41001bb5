package dev.conclave.error;

import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;

/**
 * What can go wrong, the same locally, over the event bus and over a clustered event bus.
 *
 * <p>Every failure that Conclave hands to a caller is a {@link ServiceException} with one of these
 * codes, because that is the one exception which Vert.x carries over the bus with code, message and
 * debug info intact. Check with {@link #is(Throwable)} or {@link #of(Throwable)}.
 */
public enum ErrorCode {
  /** The lock was held by others until the caller's wait was over. */
  TIMEOUT(4801),
  /**
   * The token does not hold the lease now: it never did, or the lease was released or has expired.
   */
  NOT_OWNER(4802),
  /** A lease that was held is lost, although it was not released here. */
  LOST(4803),
  /** The backend did not answer, or answered with an error; the outcome may be unknown. */
  BACKEND_UNAVAILABLE(4804),
  /** An argument or a configuration value breaks a rule; the message names it. */
  INVALID(4805),
  /** Too many requests are waiting already; this one was not queued. */
  OVERLOADED(4806),
  /** The backend or the service was closed, or the wait was given up. */
  CLOSED(4807);

  private static final int MAX_MESSAGE = 2_000;

  private final int code;

  ErrorCode(int code) {
    this.code = code;
  }

  /** The {@link ServiceException#failureCode()} that stands for this error. */
  public int code() {
    return code;
  }

  /** A failure with this code. */
  public ServiceException failure(String message) {
    return failure(message, new JsonObject());
  }

  /**
   * A failure with this code and details for programs; {@code error} is added: this code's name.
   */
  public ServiceException failure(String message, JsonObject details) {
    return new ServiceException(code, bounded(message), details.copy().put("error", name()));
  }

  /** A failure with one of these codes unchanged, any other as {@link #BACKEND_UNAVAILABLE}. */
  public static Throwable withCode(Throwable cause) {
    return of(cause) != null
        ? cause
        : BACKEND_UNAVAILABLE.failure(
            "the backend failed: "
                + (cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage()));
  }

  /** A message may repeat what was sent or configured, which may be of any size. */
  private static String bounded(String message) {
    return message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + "…" : message;
  }

  /** Whether the failure carries this code. */
  public boolean is(Throwable failure) {
    return failure instanceof ServiceException e && e.failureCode() == code;
  }

  /** The code a failure carries, or null when it is none of Conclave's. */
  public static ErrorCode of(Throwable failure) {
    for (ErrorCode candidate : values()) {
      if (candidate.is(failure)) {
        return candidate;
      }
    }
    return null;
  }
}
