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

  /**
   * A position in the queue after a refusal.
   *
   * @param patience how long the position is kept, by the backend's clock; another request with the
   *     same token keeps the position and restarts this time
   * @param turn the notification: called when the token should request again, on any thread,
   *     possibly more than once or without a reason
   */
  public record Waiter(Duration patience, Runnable turn) {
    /** Fails with {@link ErrorCode#INVALID} when the patience is not a valid duration. */
    public Waiter {
      LeaseRules.checkDuration(patience);
      Objects.requireNonNull(turn, "turn");
    }
  }

  /** Fails with {@link ErrorCode#INVALID} when a part breaks a rule of {@link LeaseRules}. */
  public LeaseRequest {
    Objects.requireNonNull(key, "key");
    LeaseRules.checkToken(token);
    LeaseRules.checkDuration(duration);
    LeaseRules.checkOwner(owner);
    LeaseRules.checkMetadata(metadata);
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
  public LeaseRequest waiting(Duration patience, Runnable turn) {
    return new LeaseRequest(key, token, duration, owner, metadata, new Waiter(patience, turn));
  }

  /** Names key and owner; the token stays secret. */
  @Override
  public String toString() {
    return "LeaseRequest[" + key + ", owner " + owner + ", " + duration + "]";
  }
}
