package dev.conclave.election;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/**
 * One change in a worker's view of an election. As JSON it is published on {@link
 * #address(String)}: {@code {election, worker, leading, leader, fencingToken, reason, at}}.
 *
 * <p>Every {@code elected} is followed by exactly one end: {@code resigned}, {@code stopped},
 * {@code renewal-failed} or {@code lost}.
 */
@DataObject
@JsonGen(publicConverter = false)
public class LeadershipEvent {
  private String election;
  private String worker;
  private boolean leading;
  private String leader;
  private long fencingToken;
  private LeadershipReason reason;
  private String at;

  /** The event bus address of an election's events. */
  public static String address(String election) {
    return "conclave.leadership." + election;
  }

  /** Empty. */
  public LeadershipEvent() {}

  /** From {@link #toJson()}. */
  public LeadershipEvent(JsonObject json) {
    LeadershipEventConverter.fromJson(json, this);
    reason =
        json.getString("reason") == null ? null : LeadershipReason.of(json.getString("reason"));
  }

  /** As JSON; {@code leader} is null when no worker leads. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LeadershipEventConverter.toJson(this, json);
    return json.put("leader", leader).put("reason", reason == null ? null : reason.wireName());
  }

  /** The election's name. */
  public String getElection() {
    return election;
  }

  /** Sets the election's name. */
  public LeadershipEvent setElection(String election) {
    this.election = election;
    return this;
  }

  /** The label of the worker that publishes the event. */
  public String getWorker() {
    return worker;
  }

  /** Sets the label of the worker that publishes the event. */
  public LeadershipEvent setWorker(String worker) {
    this.worker = worker;
    return this;
  }

  /** Whether the worker that publishes the event leads now. */
  public boolean isLeading() {
    return leading;
  }

  /** Sets whether the worker that publishes the event leads now. */
  public LeadershipEvent setLeading(boolean leading) {
    this.leading = leading;
    return this;
  }

  /** The label of the leader, or null when no worker leads. */
  public String getLeader() {
    return leader;
  }

  /** Sets the label of the leader. */
  public LeadershipEvent setLeader(String leader) {
    this.leader = leader;
    return this;
  }

  /**
   * The fencing token of the leadership that began, ended or was observed; the last known one when
   * no worker leads, 0 when none is known.
   */
  public long getFencingToken() {
    return fencingToken;
  }

  /** Sets the fencing token of the leadership that began, ended or was observed. */
  public LeadershipEvent setFencingToken(long fencingToken) {
    this.fencingToken = fencingToken;
    return this;
  }

  /** The reason for the change. */
  @GenIgnore
  public LeadershipReason getReason() {
    return reason;
  }

  /** Sets the reason for the change. */
  @GenIgnore
  public LeadershipEvent setReason(LeadershipReason reason) {
    this.reason = reason;
    return this;
  }

  /**
   * The time of the change by the wall clock of the worker, as ISO 8601 in UTC; for information
   * only.
   */
  public String getAt() {
    return at;
  }

  /** Sets the time of the change, as ISO 8601 in UTC. */
  public LeadershipEvent setAt(String at) {
    this.at = at;
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
