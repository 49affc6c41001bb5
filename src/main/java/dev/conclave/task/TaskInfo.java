package dev.conclave.task;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/** The state of a task on one manager. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class TaskInfo {
  private String name;
  private String schedule;
  private String sync;
  private String nextFire;
  private boolean running;
  private String runningSince;
  private boolean paused;
  private String lastOutcome;
  private String lastFire;
  private long lastDuration;
  private String lastError;
  private String mark;
  private long markAhead;
  private JsonObject counts = new JsonObject();

  /** Empty. */
  public TaskInfo() {}

  /** A copy. */
  public TaskInfo(TaskInfo other) {
    this(other.toJson());
  }

  /** From JSON with the same keys. */
  public TaskInfo(JsonObject json) {
    TaskInfoConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    TaskInfoConverter.toJson(this, json);
    return json;
  }

  /** The task's full name. */
  public String getName() {
    return name;
  }

  /** Sets the task's full name. */
  public TaskInfo setName(String name) {
    this.name = name;
    return this;
  }

  /** The schedule, as text: {@code cron 0 2 * * * Europe/Zurich}, {@code every PT30S}. */
  public String getSchedule() {
    return schedule;
  }

  /** Sets the schedule, as text: {@code cron 0 2 * * * Europe/Zurich}, {@code every PT30S}. */
  public TaskInfo setSchedule(String schedule) {
    this.schedule = schedule;
    return this;
  }

  /** What a run must hold, as text; may be empty. */
  public String getSync() {
    return sync;
  }

  /** Sets what a run must hold, as text; may be empty. */
  public TaskInfo setSync(String sync) {
    this.sync = sync;
    return this;
  }

  /** When it is due next, as ISO 8601 in UTC; null if unknown, and after a stop. */
  public String getNextFire() {
    return nextFire;
  }

  /** Sets when it is due next, as ISO 8601 in UTC; null if unknown, and after a stop. */
  public TaskInfo setNextFire(String nextFire) {
    this.nextFire = nextFire;
    return this;
  }

  /** Whether its body runs on this worker, even after its timeout. */
  public boolean isRunning() {
    return running;
  }

  /** Sets whether its body runs on this worker. */
  public TaskInfo setRunning(boolean running) {
    this.running = running;
    return this;
  }

  /** Since when it runs on this worker, as ISO 8601 in UTC, or null. */
  public String getRunningSince() {
    return runningSince;
  }

  /** Sets since when it runs on this worker, as ISO 8601 in UTC, or null. */
  public TaskInfo setRunningSince(String runningSince) {
    this.runningSince = runningSince;
    return this;
  }

  /** Whether it is paused, as far as this worker knows. */
  public boolean isPaused() {
    return paused;
  }

  /** Sets whether it is paused, as far as this worker knows. */
  public TaskInfo setPaused(boolean paused) {
    this.paused = paused;
    return this;
  }

  /** The outcome of the last run or attempt, a {@link TaskOutcome}, or null. */
  public String getLastOutcome() {
    return lastOutcome;
  }

  /** Sets the outcome of the last run or attempt, a {@link TaskOutcome}, or null. */
  public TaskInfo setLastOutcome(String lastOutcome) {
    this.lastOutcome = lastOutcome;
    return this;
  }

  /** The fire time of the last run or attempt, as ISO 8601 in UTC, or null. */
  public String getLastFire() {
    return lastFire;
  }

  /** Sets the fire time of the last run or attempt, as ISO 8601 in UTC, or null. */
  public TaskInfo setLastFire(String lastFire) {
    this.lastFire = lastFire;
    return this;
  }

  /** How long the last run took, in milliseconds; 0 when it never ran. */
  public long getLastDuration() {
    return lastDuration;
  }

  /** Sets how long the last run took, in milliseconds; 0 when it never ran. */
  public TaskInfo setLastDuration(long lastDuration) {
    this.lastDuration = lastDuration;
    return this;
  }

  /** Why the last run failed, or null when it did not. */
  public String getLastError() {
    return lastError;
  }

  /** Sets why the last run failed, or null when it did not. */
  public TaskInfo setLastError(String lastError) {
    this.lastError = lastError;
    return this;
  }

  /**
   * Of a {@code oncePerTick} task, the last tick that was claimed in the cluster, as ISO 8601 in
   * UTC; null when there is none or it is not known.
   */
  public String getMark() {
    return mark;
  }

  /** Sets the last tick that was claimed, as ISO 8601 in UTC, or null. */
  public TaskInfo setMark(String mark) {
    this.mark = mark;
    return this;
  }

  /**
   * How far the mark lies ahead of the store's clock, in milliseconds; negative when it lies in the
   * past, 0 without a mark. No tick up to the mark runs, see {@link TaskService#reset}.
   */
  public long getMarkAhead() {
    return markAhead;
  }

  /** Sets how far the mark lies ahead of the store's clock, in milliseconds. */
  public TaskInfo setMarkAhead(long markAhead) {
    this.markAhead = markAhead;
    return this;
  }

  /** How often each {@link TaskOutcome} has occurred since the manager's start. */
  public JsonObject getCounts() {
    return counts;
  }

  /** Sets how often each {@link TaskOutcome} has occurred since the manager's start. */
  public TaskInfo setCounts(JsonObject counts) {
    this.counts = counts;
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
