package dev.conclave.lock;

import dev.conclave.bus.Shown;
import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/** How a {@link LockService} works. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class LockServiceOptions {
  /** The default of {@link #getMaxWaiters}: {@value}. */
  public static final int DEFAULT_MAX_WAITERS = 10_000;

  /** The default of {@link #getMaxWait}: {@value}. */
  public static final long DEFAULT_MAX_WAIT = 600_000;

  /** The default of {@link #getBackendTimeout}: {@value}. */
  public static final long DEFAULT_BACKEND_TIMEOUT = 5_000;

  private String address = LockService.DEFAULT_ADDRESS;
  private int maxWaiters = DEFAULT_MAX_WAITERS;
  private long maxWait = DEFAULT_MAX_WAIT;
  private long backendTimeout = DEFAULT_BACKEND_TIMEOUT;

  /** All defaults. */
  public LockServiceOptions() {}

  /** A copy. */
  public LockServiceOptions(LockServiceOptions other) {
    this.address = other.address;
    this.maxWaiters = other.maxWaiters;
    this.maxWait = other.maxWait;
    this.backendTimeout = other.backendTimeout;
  }

  /** From JSON with the same keys. */
  public LockServiceOptions(JsonObject json) {
    LockServiceOptionsConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockServiceOptionsConverter.toJson(this, json);
    return json;
  }

  /** The event-bus address of the service. */
  public String getAddress() {
    return address;
  }

  /** Sets the event-bus address of the service. */
  public LockServiceOptions setAddress(String address) {
    this.address = address;
    return this;
  }

  /** How many requests may wait at once; more are refused with {@code OVERLOADED}. */
  public int getMaxWaiters() {
    return maxWaiters;
  }

  /** Sets how many requests may wait at once; more are refused with {@code OVERLOADED}. */
  public LockServiceOptions setMaxWaiters(int maxWaiters) {
    this.maxWaiters = maxWaiters;
    return this;
  }

  /**
   * The largest {@code waitTimeout} a request may have, in milliseconds; longer ones are refused.
   */
  public long getMaxWait() {
    return maxWait;
  }

  /**
   * Sets the largest {@code waitTimeout} a request may have, in milliseconds; longer ones are
   * refused.
   */
  public LockServiceOptions setMaxWait(long maxWait) {
    this.maxWait = maxWait;
    return this;
  }

  /**
   * How long a request to the store may take before it fails with {@code BACKEND_UNAVAILABLE}, in
   * milliseconds.
   */
  public long getBackendTimeout() {
    return backendTimeout;
  }

  /**
   * Sets how long a request to the store may take before it fails with {@code BACKEND_UNAVAILABLE},
   * in milliseconds.
   */
  public LockServiceOptions setBackendTimeout(long backendTimeout) {
    this.backendTimeout = backendTimeout;
    return this;
  }

  /**
   * Returns this if every option keeps its rule.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the field, the
   *     value and the rule
   */
  public LockServiceOptions validate() {
    if (address == null || address.isEmpty()) {
      throw ErrorCode.INVALID.failure("address is " + (address == null ? "missing" : "empty"));
    }
    ConfigSchema schema = ConfigSchema.named("locks");
    schema.checkNumber("maxWaiters", maxWaiters);
    schema.checkNumber("maxWait", maxWait);
    schema.checkNumber("backendTimeout", backendTimeout);
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
