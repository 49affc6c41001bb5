package dev.conclave.lock;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.bus.Shown;
import dev.conclave.error.ErrorCode;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** A request for a lock. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class LockRequest {
  /** In milliseconds. The margin for clock drift and a round trip would use up a shorter one. */
  private static final long SHORTEST_LEASE = 10;

  /** The default of {@link #getLeaseDuration}: {@value}. */
  public static final long DEFAULT_LEASE_DURATION = 60_000;

  /** The default of {@link #getWaitTimeout}: {@value}. */
  public static final long DEFAULT_WAIT_TIMEOUT = 10_000;

  private String name;
  private String token;
  private boolean newToken;
  private String owner;
  private long leaseDuration = DEFAULT_LEASE_DURATION;
  private long waitTimeout = DEFAULT_WAIT_TIMEOUT;
  private JsonObject metadata;

  /** All defaults. */
  public LockRequest() {}

  /** A copy. */
  public LockRequest(LockRequest other) {
    this.name = other.name;
    this.token = other.token;
    this.newToken = other.newToken;
    this.owner = other.owner;
    this.leaseDuration = other.leaseDuration;
    this.waitTimeout = other.waitTimeout;
    this.metadata = other.metadata == null ? null : other.metadata.copy();
  }

  /** From JSON with the same keys. */
  public LockRequest(JsonObject json) {
    LockRequestConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockRequestConverter.toJson(this, json);
    return json;
  }

  /** The name of the lock: 1 to 200 characters, no control characters. */
  public String getName() {
    return name;
  }

  /** Sets the name of the lock: 1 to 200 characters, no control characters. */
  public LockRequest setName(String name) {
    this.name = name;
    return this;
  }

  /**
   * The secret proof of ownership; chosen by the service when absent. A caller that chooses its own
   * can retry safely, and give up a wait with {@link LockService#release}.
   */
  public String getToken() {
    return token;
  }

  /**
   * Sets the secret proof of ownership; chosen by the service when absent. A caller that chooses
   * its own can retry safely, and give up a wait with {@link LockService#release}.
   */
  public LockRequest setToken(String token) {
    this.token = token;
    return this;
  }

  /**
   * Whether the token was made for this one request, which is not sent a second time. Such a token
   * cannot hold the lock yet. So the service saves one read of the store when the request has to
   * wait. False for a retry, and for a request that may be retried.
   */
  public boolean isNewToken() {
    return newToken;
  }

  /**
   * Sets whether the token was made for this one request, which is not sent a second time. Must be
   * false for a retry: otherwise a retry of the holder would wait behind the others, and the end of
   * one of the two requests could end the lease of the other.
   */
  public LockRequest setNewToken(boolean newToken) {
    this.newToken = newToken;
    return this;
  }

  /** The public label of the requester; the name of the service process when absent. */
  public String getOwner() {
    return owner;
  }

  /** Sets the public label of the requester; the name of the service process when absent. */
  public LockRequest setOwner(String owner) {
    this.owner = owner;
    return this;
  }

  /** How long the lock is held unless extended, in milliseconds. */
  public long getLeaseDuration() {
    return leaseDuration;
  }

  /** Sets how long the lock is held unless extended, in milliseconds. */
  public LockRequest setLeaseDuration(long leaseDuration) {
    this.leaseDuration = leaseDuration;
    return this;
  }

  /** How long to wait for the lock, in milliseconds; 0 means one try. */
  public long getWaitTimeout() {
    return waitTimeout;
  }

  /** Sets how long to wait for the lock, in milliseconds; 0 means one try. */
  public LockRequest setWaitTimeout(long waitTimeout) {
    this.waitTimeout = waitTimeout;
    return this;
  }

  /** A small object shown with the lock in listings, or null. */
  public JsonObject getMetadata() {
    return metadata;
  }

  /** Sets a small object shown with the lock in listings, or null. */
  public LockRequest setMetadata(JsonObject metadata) {
    this.metadata = metadata;
    return this;
  }

  /**
   * Returns this if every field keeps its rule.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the field, the
   *     value and the rule
   */
  public LockRequest validate() {
    LeaseKey.checkName(name);
    if (token != null) {
      LeaseRequest.checkToken(token);
    }
    if (owner != null) {
      LeaseRequest.checkOwner(owner);
    }
    checkLease("leaseDuration", leaseDuration);
    checkWait(waitTimeout);
    LeaseRequest.checkMetadata(metadata);
    return this;
  }

  /** Refuses a lease that is too short to be useful, or longer than leases may be. */
  static void checkLease(String field, long millis) {
    if (millis < SHORTEST_LEASE || millis > LeaseRequest.MAX_DURATION.toMillis()) {
      throw ErrorCode.INVALID.failure(
          field
              + " "
              + millis
              + " must be from "
              + SHORTEST_LEASE
              + " to "
              + LeaseRequest.MAX_DURATION.toMillis()
              + " ms");
    }
  }

  /** Refuses a wait that is below zero, or longer than leases may be. */
  static void checkWait(long millis) {
    if (millis < 0 || millis > LeaseRequest.MAX_DURATION.toMillis()) {
      throw ErrorCode.INVALID.failure(
          "waitTimeout "
              + millis
              + " must be from 0 to "
              + LeaseRequest.MAX_DURATION.toMillis()
              + " ms");
    }
  }

  /** A valid copy of the request; fails as {@link #validate} does. */
  static LockRequest checked(LockRequest request) {
    if (request == null) {
      throw ErrorCode.INVALID.failure("request is missing");
    }
    try {
      return new LockRequest(request).validate();
    } catch (IllegalStateException | EncodeException notJson) {
      throw LockFailures.notJson(notJson);
    }
  }

  LeaseRequest lease(LeaseKey key, LeaseRequest.Waiter waiter) {
    return new LeaseRequest(key, token, Duration.ofMillis(leaseDuration), owner, metadata, waiter);
  }

  /** As JSON without the token, which stays secret. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
