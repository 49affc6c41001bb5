package dev.conclave.lock;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.bus.Shown;
import dev.conclave.error.ErrorCode;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.JsonObject;

/** How a {@link DistributedLock} is taken and kept. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class LockOptions {
  /** The default of {@link #getLeaseDuration}: {@value}. */
  public static final long DEFAULT_LEASE_DURATION = 60_000;

  /** The default of {@link #getWaitTimeout}: {@value}. */
  public static final long DEFAULT_WAIT_TIMEOUT = 10_000;

  /** The default of {@link #getMaxHold}: {@value}. */
  public static final long DEFAULT_MAX_HOLD = 3_600_000;

  private long leaseDuration = DEFAULT_LEASE_DURATION;
  private long waitTimeout = DEFAULT_WAIT_TIMEOUT;
  private boolean renew = false;
  private long maxHold = DEFAULT_MAX_HOLD;
  private String owner;
  private JsonObject metadata;

  /** All defaults. */
  public LockOptions() {}

  /** A copy. */
  public LockOptions(LockOptions other) {
    this.leaseDuration = other.leaseDuration;
    this.waitTimeout = other.waitTimeout;
    this.renew = other.renew;
    this.maxHold = other.maxHold;
    this.owner = other.owner;
    this.metadata = other.metadata == null ? null : other.metadata.copy();
  }

  /** From JSON with the same keys. */
  public LockOptions(JsonObject json) {
    LockOptionsConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockOptionsConverter.toJson(this, json);
    return json;
  }

  /**
   * How long the lock outlives its last renewal, in milliseconds. When the holder crashes, others
   * may have to wait that long.
   */
  public long getLeaseDuration() {
    return leaseDuration;
  }

  /**
   * Sets how long the lock outlives its last renewal, in milliseconds. When the holder crashes,
   * others may have to wait that long.
   */
  public LockOptions setLeaseDuration(long leaseDuration) {
    this.leaseDuration = leaseDuration;
    return this;
  }

  /** How long to wait for the lock, in milliseconds; 0 means one try. */
  public long getWaitTimeout() {
    return waitTimeout;
  }

  /** Sets how long to wait for the lock, in milliseconds; 0 means one try. */
  public LockOptions setWaitTimeout(long waitTimeout) {
    this.waitTimeout = waitTimeout;
    return this;
  }

  /**
   * Whether handles from {@link DistributedLock#acquire()} renew themselves; {@link
   * DistributedLock#withLock} always does.
   */
  public boolean isRenew() {
    return renew;
  }

  /**
   * Sets whether handles from {@link DistributedLock#acquire()} renew themselves; {@link
   * DistributedLock#withLock} always does.
   */
  public LockOptions setRenew(boolean renew) {
    this.renew = renew;
    return this;
  }

  /**
   * How long a lock is held at most with renewals, in milliseconds: it is lost then, so that a body
   * that hangs does not hold it forever.
   */
  public long getMaxHold() {
    return maxHold;
  }

  /**
   * Sets how long a lock is held at most with renewals, in milliseconds: it is lost then, so that a
   * body that hangs does not hold it forever.
   */
  public LockOptions setMaxHold(long maxHold) {
    this.maxHold = maxHold;
    return this;
  }

  /** The public label of the holder; the name of this process when absent. */
  public String getOwner() {
    return owner;
  }

  /** Sets the public label of the holder; the name of this process when absent. */
  public LockOptions setOwner(String owner) {
    this.owner = owner;
    return this;
  }

  /** A small object shown with the lock in listings, or null. */
  public JsonObject getMetadata() {
    return metadata;
  }

  /** Sets a small object shown with the lock in listings, or null. */
  public LockOptions setMetadata(JsonObject metadata) {
    this.metadata = metadata;
    return this;
  }

  /**
   * Returns this if every option keeps its rule.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the field, the
   *     value and the rule
   */
  public LockOptions validate() {
    LockRequest.checkLease("leaseDuration", leaseDuration);
    LockRequest.checkLease("maxHold", maxHold);
    LockRequest.checkWait(waitTimeout);
    if (maxHold < leaseDuration) {
      throw ErrorCode.INVALID.failure(
          "maxHold " + maxHold + " must not be less than leaseDuration " + leaseDuration);
    }
    if (owner != null) {
      LeaseRequest.checkOwner(owner);
    }
    LeaseRequest.checkMetadata(metadata);
    return this;
  }

  /** A valid copy of the options; fails as {@link #validate} does. */
  static LockOptions checked(LockOptions options) {
    try {
      return new LockOptions(options).validate();
    } catch (IllegalStateException | EncodeException notJson) {
      throw LockFailures.notJson(notJson);
    }
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
