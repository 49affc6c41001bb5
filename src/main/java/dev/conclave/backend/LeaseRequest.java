package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Objects;

/**
 * A wish for a lease.
 *
 * @param key what to hold
 * @param token the secret proof of ownership; never logged, never shown
 * @param duration how long to hold it, by the backend's clock, from the moment it grants
 * @param owner the public label of who holds it
 * @param metadata a small object for people and programs that inspect the lease, or null
 * @param waiter who wants to hear when it is worth asking again, or null for nobody
 */
public record LeaseRequest(
    LeaseKey key,
    String token,
    Duration duration,
    String owner,
    JsonObject metadata,
    Waiter waiter) {

  /**
   * A wish to stand in line after a refusal.
   *
   * @param patience how long the place in line is kept, by the backend's clock; asking again with
   *     the same token keeps the place and starts its time anew
   * @param turn called, on any thread and perhaps more than once or for nothing, when the token
   *     should ask again
   */
  public record Waiter(Duration patience, Runnable turn) {
    /** Fails with {@link ErrorCode#INVALID} when the patience is no valid duration. */
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

  /** A wish without metadata that does not stand in line. */
  public static LeaseRequest of(LeaseKey key, String token, Duration duration, String owner) {
    return new LeaseRequest(key, token, duration, owner, null, null);
  }

  /** The same wish with metadata. */
  public LeaseRequest withMetadata(JsonObject metadata) {
    return new LeaseRequest(key, token, duration, owner, metadata, waiter);
  }

  /** The same wish, standing in line when refused. */
  public LeaseRequest waiting(Duration patience, Runnable turn) {
    return new LeaseRequest(key, token, duration, owner, metadata, new Waiter(patience, turn));
  }

  /** Names key and owner; the token stays secret. */
  @Override
  public String toString() {
    return "LeaseRequest[" + key + ", owner " + owner + ", " + duration + "]";
  }
}
