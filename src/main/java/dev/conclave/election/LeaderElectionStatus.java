package dev.conclave.election;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/** One worker's view of its election at this moment. */
@DataObject
@JsonGen(publicConverter = false)
public class LeaderElectionStatus {
  private String election;
  private String worker;
  private boolean candidate;
  private boolean leading;
  private String leader;
  private long fencingToken;

  /** Empty. */
  public LeaderElectionStatus() {}

  /** From {@link #toJson()}. */
  public LeaderElectionStatus(JsonObject json) {
    LeaderElectionStatusConverter.fromJson(json, this);
  }

  /** As JSON; {@code leader} is null when no leader is known. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LeaderElectionStatusConverter.toJson(this, json);
    return json.put("leader", leader);
  }

  /** The election's name. */
  public String getElection() {
    return election;
  }

  /** Sets the election's name. */
  public LeaderElectionStatus setElection(String election) {
    this.election = election;
    return this;
  }

  /** The label of the worker that answers. */
  public String getWorker() {
    return worker;
  }

  /** Sets the label of the worker that answers. */
  public LeaderElectionStatus setWorker(String worker) {
    this.worker = worker;
    return this;
  }

  /** Whether the worker that answers is a candidate. */
  public boolean isCandidate() {
    return candidate;
  }

  /** Sets whether the worker that answers is a candidate. */
  public LeaderElectionStatus setCandidate(boolean candidate) {
    this.candidate = candidate;
    return this;
  }

  /** Whether the worker that answers leads. */
  public boolean isLeading() {
    return leading;
  }

  /** Sets whether the worker that answers leads. */
  public LeaderElectionStatus setLeading(boolean leading) {
    this.leading = leading;
    return this;
  }

  /** The label of the leader that the worker saw last, or null. */
  public String getLeader() {
    return leader;
  }

  /** Sets the label of the leader. */
  public LeaderElectionStatus setLeader(String leader) {
    this.leader = leader;
    return this;
  }

  /** The fencing token of the leadership seen last, 0 when none was. */
  public long getFencingToken() {
    return fencingToken;
  }

  /** Sets the fencing token of the leadership seen last. */
  public LeaderElectionStatus setFencingToken(long fencingToken) {
    this.fencingToken = fencingToken;
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
