package dev.conclave.task;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.bus.Shown;
import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.ProcessLabel;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.util.Set;

/** Options of a {@link TaskManager}. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class TaskManagerOptions {
  /** How long running tasks may take to end when the manager stops: 30 s. */
  public static final long DEFAULT_SHUTDOWN_TIMEOUT = 30_000;

  /** How often an outage of the backend is logged: every 30 s. */
  public static final long DEFAULT_ERROR_INTERVAL = 30_000;

  /** Events stay in this Vert.x instance by default. */
  public static final String DEFAULT_PUBLISH = "local";

  private static final Set<String> PUBLISH = Set.of("local", "cluster", "none");

  private String address = TaskService.DEFAULT_ADDRESS;
  private String worker = ProcessLabel.get();
  private long shutdownTimeout = DEFAULT_SHUTDOWN_TIMEOUT;
  private long errorInterval = DEFAULT_ERROR_INTERVAL;
  private String publish = DEFAULT_PUBLISH;

  /** All defaults. */
  public TaskManagerOptions() {}

  /** A copy. */
  public TaskManagerOptions(TaskManagerOptions other) {
    this.address = other.address;
    this.worker = other.worker;
    this.shutdownTimeout = other.shutdownTimeout;
    this.errorInterval = other.errorInterval;
    this.publish = other.publish;
  }

  /** From JSON with the same keys. */
  public TaskManagerOptions(JsonObject json) {
    TaskManagerOptionsConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    TaskManagerOptionsConverter.toJson(this, json);
    return json;
  }

  /** The event-bus address where the manager serves {@link TaskService}. */
  public String getAddress() {
    return address;
  }

  /** Sets the event-bus address where the manager serves {@link TaskService}. */
  public TaskManagerOptions setAddress(String address) {
    this.address = address;
    return this;
  }

  /** The public label of this worker in leases and events; the name of this process by default. */
  public String getWorker() {
    return worker;
  }

  /** Sets the public label of this worker in leases and events. */
  public TaskManagerOptions setWorker(String worker) {
    this.worker = worker;
    return this;
  }

  /** How long running tasks may take to end when the manager stops, in milliseconds. */
  public long getShutdownTimeout() {
    return shutdownTimeout;
  }

  /**
   * Sets how long running tasks may take to end when the manager stops, in milliseconds; 0 ends
   * them at once.
   */
  public TaskManagerOptions setShutdownTimeout(long shutdownTimeout) {
    this.shutdownTimeout = shutdownTimeout;
    return this;
  }

  /** The pause between two log entries about an outage of the backend, in milliseconds. */
  public long getErrorInterval() {
    return errorInterval;
  }

  /** Sets the pause between two log entries about an outage of the backend, in milliseconds. */
  public TaskManagerOptions setErrorInterval(long errorInterval) {
    this.errorInterval = errorInterval;
    return this;
  }

  /** How far events travel: {@code local}, {@code cluster} or {@code none}. */
  public String getPublish() {
    return publish;
  }

  /** Sets how far events travel: {@code local}, {@code cluster} or {@code none}. */
  public TaskManagerOptions setPublish(String publish) {
    this.publish = publish;
    return this;
  }

  /**
   * These options, if they are valid.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the field, the
   *     value and the rule
   */
  public TaskManagerOptions validate() {
    if (address == null || address.isEmpty()) {
      throw ErrorCode.INVALID.failure("address is " + (address == null ? "missing" : "empty"));
    }
    try {
      LeaseRequest.checkOwner(worker);
    } catch (ServiceException refused) {
      throw ErrorCode.INVALID.failure("worker: " + refused.getMessage());
    }
    ConfigSchema schema = ConfigSchema.named("tasks");
    schema.checkNumber("shutdownTimeout", shutdownTimeout);
    schema.checkNumber("errorInterval", errorInterval);
    if (publish == null || !PUBLISH.contains(publish)) {
      throw ErrorCode.INVALID.failure(
          "publish '" + publish + "' must be \"local\", \"cluster\" or \"none\"");
    }
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
