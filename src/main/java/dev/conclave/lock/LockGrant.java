package dev.conclave.lock;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/**
 * A lock that is held. All durations are milliseconds.
 *
 * <p>It is valid until the sending of the request + {@code waited} + {@code leaseDuration}, less a
 * margin for clock drift: the lease began when the service sent the successful attempt, {@code
 * waited} after the request arrived. {@link DistributedLock} computes that.
 */
@DataObject
@JsonGen(publicConverter = false)
public class LockGrant {
  private String name;
  private String token;
  private long fencingToken;
  private long leaseDuration;
  private long waited;

  /** All defaults. */
  public LockGrant() {}

  /** A copy. */
  public LockGrant(LockGrant other) {
    this.name = other.name;
    this.token = other.token;
    this.fencingToken = other.fencingToken;
    this.leaseDuration = other.leaseDuration;
    this.waited = other.waited;
  }

  /** From JSON with the same keys. */
  public LockGrant(JsonObject json) {
    LockGrantConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockGrantConverter.toJson(this, json);
    return json;
  }

  /** The name of the lock. */
  public String getName() {
    return name;
  }

  /** Sets the name of the lock. */
  public LockGrant setName(String name) {
    this.name = name;
    return this;
  }

  /** The secret proof of ownership, for extend and release. */
  public String getToken() {
    return token;
  }

  /** Sets the secret proof of ownership, for extend and release. */
  public LockGrant setToken(String token) {
    this.token = token;
    return this;
  }

  /**
   * The number of this holding; greater than that of every earlier one of this lock. Pass it on to
   * what the lock protects.
   */
  public long getFencingToken() {
    return fencingToken;
  }

  /**
   * Sets the number of this holding; greater than that of every earlier one of this lock. Pass it
   * on to what the lock protects.
   */
  public LockGrant setFencingToken(long fencingToken) {
    this.fencingToken = fencingToken;
    return this;
  }

  /** How long the lock is held unless extended, in milliseconds. */
  public long getLeaseDuration() {
    return leaseDuration;
  }

  /** Sets how long the lock is held unless extended, in milliseconds. */
  public LockGrant setLeaseDuration(long leaseDuration) {
    this.leaseDuration = leaseDuration;
    return this;
  }

  /**
   * The time, on the monotonic clock of the service, from the arrival of the request to the sending
   * of the attempt that succeeded, in milliseconds.
   */
  public long getWaited() {
    return waited;
  }

  /**
   * Sets the time, on the monotonic clock of the service, from the arrival of the request to the
   * sending of the attempt that succeeded, in milliseconds.
   */
  public LockGrant setWaited(long waited) {
    this.waited = waited;
    return this;
  }

  /** As JSON without the token, which stays secret. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
