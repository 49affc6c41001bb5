package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Objects;

/**
 * A request for a lease.
 *
 * @param key what to hold
 * @param token the secret proof of ownership; never logged, never shown
 * @param duration how long to hold it, by the backend's clock, from the moment it grants
 * @param owner the public label of who holds it
 * @param metadata a small object for people and programs that inspect the lease, or null
 * @param waiter how the request joins the queue when it is refused, or null
 */
public record LeaseRequest(
    LeaseKey key,
    String token,
    Duration duration,
    String owner,
    JsonObject metadata,
    Waiter waiter) {
  /** The longest lease: a year. What should live longer is configuration, not a lease. */
  public static final Duration MAX_DURATION = Duration.ofDays(366);

  private static final Duration MIN_DURATION = Duration.ofMillis(1);

  /** Metadata, encoded as JSON, has at most this many characters. */
  public static final int MAX_METADATA = 4096;

  /**
   * A position in the queue after a refusal.
   *
   * @param patience how long the position is kept, by the backend's clock; another request with the
   *     same token keeps the position and restarts this time
   * @param notification called when the token should request again, on any thread, possibly more
   *     than once or without a reason
   */
  public record Waiter(Duration patience, Runnable notification) {
    /** Fails with {@link ErrorCode#INVALID} when the patience is not a valid duration. */
    public Waiter {
      checkDuration(patience);
      Objects.requireNonNull(notification, "notification");
    }
  }

  /** Fails with {@link ErrorCode#INVALID} when a part breaks its rule. */
  public LeaseRequest {
    Objects.requireNonNull(key, "key");
    checkToken(token);
    checkDuration(duration);
    checkOwner(owner);
    checkMetadata(metadata);
  }

  /** A request without metadata that does not join the queue. */
  public static LeaseRequest of(LeaseKey key, String token, Duration duration, String owner) {
    return new LeaseRequest(key, token, duration, owner, null, null);
  }

  /** The same request with metadata. */
  public LeaseRequest withMetadata(JsonObject metadata) {
    return new LeaseRequest(key, token, duration, owner, metadata, waiter);
  }

  /** The same request, which joins the queue when it is refused. */
  public LeaseRequest waiting(Duration patience, Runnable notification) {
    return new LeaseRequest(
        key, token, duration, owner, metadata, new Waiter(patience, notification));
  }

  // Each check returns its argument and throws INVALID with a sentence that names the argument, the
  // value and the rule.

  /** An owner label: as a name. */
  public static String checkOwner(String owner) {
    return LeaseKey.checkText("owner", owner, true);
  }

  /** A token: as a name, but its value appears in no message. */
  public static String checkToken(String token) {
    return LeaseKey.checkText("token", token, false);
  }

  /** A lease's duration: from one millisecond to {@link #MAX_DURATION}. */
  public static Duration checkDuration(Duration duration) {
    if (duration == null) {
      throw ErrorCode.INVALID.failure("duration is missing");
    }
    if (duration.compareTo(MIN_DURATION) < 0 || duration.compareTo(MAX_DURATION) > 0) {
      throw ErrorCode.INVALID.failure(
          "duration " + duration + " must be from 1 ms to " + MAX_DURATION.toDays() + " days");
    }
    return duration;
  }

  /**
   * Metadata: null, or an object of at most {@link #MAX_METADATA} characters of JSON, without
   * unpaired surrogates.
   */
  public static JsonObject checkMetadata(JsonObject metadata) {
    if (metadata != null && !metadata.isEmpty()) {
      String json = metadata.encode();
      int length = json.length();
      if (json.codePoints().anyMatch(LeaseKey::isUnpaired)) {
        throw ErrorCode.INVALID.failure("metadata must hold no unpaired surrogate");
      }
      if (length > MAX_METADATA) {
        throw ErrorCode.INVALID.failure(
            "metadata has " + length + " characters of JSON, must be at most " + MAX_METADATA);
      }
    }
    return metadata;
  }

  /** Names key and owner; the token stays secret. */
  @Override
  public String toString() {
    return "LeaseRequest[" + key + ", owner " + owner + ", " + duration + "]";
  }
}
