package dev.conclave.election;

import dev.conclave.bus.Shown;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.ProcessLabel;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * How one worker takes part in one election. All times are milliseconds.
 *
 * <p>How to size them: {@code leaseDuration} bounds how long no worker leads after a crash. {@code
 * leaseDuration − renewDeadline} is the largest clock error and the longest pause that do no harm;
 * beyond it, two workers could lead at once. {@code renewDeadline / retryInterval} is how many
 * renewals in a row may fail.
 */
@DataObject
@JsonGen(publicConverter = false)
public class LeaderElectionOptions {
  /** How long a leadership outlives its last renewal on the backend: 15 s. */
  public static final long DEFAULT_LEASE_DURATION = 15_000;

  /** The renew deadline with the default lease duration: two thirds of it, 10 s. */
  public static final long DEFAULT_RENEW_DEADLINE = 10_000;

  /** The retry interval with the default renew deadline: a fifth of it, 2 s. */
  public static final long DEFAULT_RETRY_INTERVAL = 2_000;

  /** The backend timeout with the default renew deadline: half of it, 5 s. */
  public static final long DEFAULT_BACKEND_TIMEOUT = 5_000;

  /** How often an outage of the backend is logged: every 30 s. */
  public static final long DEFAULT_ERROR_INTERVAL = 30_000;

  /** How long the leader's work may take to stop before the leadership is given up: 10 s. */
  public static final long DEFAULT_STOP_TIMEOUT = 10_000;

  /** The largest share by which a pause is shorter than the retry interval, at random: 0.1. */
  public static final double DEFAULT_JITTER = 0.1;

  /** A worker is a candidate by default. */
  public static final boolean DEFAULT_CANDIDATE = true;

  /** Events stay in this Vert.x instance by default. */
  public static final LeadershipPublishing DEFAULT_PUBLISH = LeadershipPublishing.LOCAL;

  /** {@link LeaderElectionService} is reached only within this Vert.x instance by default. */
  public static final boolean DEFAULT_CLUSTERED_SERVICE = false;

  private String election;
  private String worker = ProcessLabel.get();
  private Long leaseDuration;
  private Long renewDeadline;
  private Long retryInterval;
  private Long backendTimeout;
  private long errorInterval = DEFAULT_ERROR_INTERVAL;
  private long stopTimeout = DEFAULT_STOP_TIMEOUT;
  private double jitter = DEFAULT_JITTER;
  private boolean candidate = DEFAULT_CANDIDATE;
  private boolean clusteredService = DEFAULT_CLUSTERED_SERVICE;
  private LeadershipPublishing publish = DEFAULT_PUBLISH;
  private JsonObject metadata;
  private List<LeaderDeployment> deploy = new ArrayList<>();

  /** Defaults; the election's name is still missing. */
  public LeaderElectionOptions() {}

  /** Defaults for the election of this name. */
  public LeaderElectionOptions(String election) {
    this.election = election;
  }

  /** A copy. */
  public LeaderElectionOptions(LeaderElectionOptions other) {
    this(other.toJson());
    // JSON does not carry which times are defaults, nor a deployment's class loader.
    leaseDuration = other.leaseDuration;
    renewDeadline = other.renewDeadline;
    retryInterval = other.retryInterval;
    backendTimeout = other.backendTimeout;
    deploy = new ArrayList<>(other.deploy.stream().map(LeaderDeployment::new).toList());
  }

  /** Defaults, overwritten by the keys of the object. */
  public LeaderElectionOptions(JsonObject json) {
    try {
      LeaderElectionOptionsConverter.fromJson(json, this);
    } catch (IllegalArgumentException | ClassCastException wrong) {
      throw ErrorCode.INVALID.failure("an option has a wrong value: " + wrong.getMessage());
    }
    if (json.getString("publish") != null) {
      publish = LeadershipPublishing.of(json.getString("publish"));
    }
  }

  /** As JSON. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LeaderElectionOptionsConverter.toJson(this, json);
    return json.put("publish", publish.wireName());
  }

  /**
   * These options, if they are valid.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} with a message that
   *     names the fields, their values and the rule
   */
  public LeaderElectionOptions validate() {
    OptionsRules.check(this);
    return this;
  }

  /** The election's name. */
  public String getElection() {
    return election;
  }

  /** Sets the election's name: 1 to 200 characters, no control characters; required. */
  public LeaderElectionOptions setElection(String election) {
    this.election = election;
    return this;
  }

  /** This worker's public label. */
  public String getWorker() {
    return worker;
  }

  /**
   * Sets this worker's public label, by default {@code host:pid} as for locks and tasks. The label
   * does not identify a worker: two workers with the same label cannot both lead.
   */
  public LeaderElectionOptions setWorker(String worker) {
    this.worker = worker;
    return this;
  }

  /** How long a leadership outlives its last renewal, on the backend's clock. */
  public long getLeaseDuration() {
    return leaseDuration == null ? DEFAULT_LEASE_DURATION : leaseDuration;
  }

  /**
   * Sets how long a leadership outlives its last renewal: from 100 ms. The other times follow in
   * proportion unless they are set too.
   */
  public LeaderElectionOptions setLeaseDuration(long leaseDuration) {
    this.leaseDuration = leaseDuration;
    return this;
  }

  /** How long a leader leads after the sending of its last successful renewal. */
  public long getRenewDeadline() {
    return renewDeadline == null ? getLeaseDuration() / 3 * 2 : renewDeadline;
  }

  /**
   * Sets how long a leader leads after its last successful renewal: less than the lease duration;
   * by default two thirds of it.
   */
  public LeaderElectionOptions setRenewDeadline(long renewDeadline) {
    this.renewDeadline = renewDeadline;
    return this;
  }

  /** The longest pause between renewals of a leader and polls of a follower. */
  public long getRetryInterval() {
    return retryInterval == null ? getRenewDeadline() / 5 : retryInterval;
  }

  /**
   * Sets the longest pause between renewals and polls: less than the renew deadline; by default a
   * fifth of it.
   */
  public LeaderElectionOptions setRetryInterval(long retryInterval) {
    this.retryInterval = retryInterval;
    return this;
  }

  /** How long a call to the backend may take before it counts as failed. */
  public long getBackendTimeout() {
    return backendTimeout == null ? getRenewDeadline() / 2 : backendTimeout;
  }

  /**
   * Sets how long a call to the backend may take: less than the renew deadline; by default half of
   * it.
   */
  public LeaderElectionOptions setBackendTimeout(long backendTimeout) {
    this.backendTimeout = backendTimeout;
    return this;
  }

  /** The pause between two log entries about an outage of the backend. */
  public long getErrorInterval() {
    return errorInterval;
  }

  /** Sets the pause between two log entries about an outage of the backend. */
  public LeaderElectionOptions setErrorInterval(long errorInterval) {
    this.errorInterval = errorInterval;
    return this;
  }

  /**
   * How long the leader's work may take to stop when the leader steps down on its own initiative.
   */
  public long getStopTimeout() {
    return stopTimeout;
  }

  /** Sets how long the leader's work may take to stop before the leadership is given up anyway. */
  public LeaderElectionOptions setStopTimeout(long stopTimeout) {
    this.stopTimeout = stopTimeout;
    return this;
  }

  /** The largest share by which a pause is shorter than the retry interval, at random. */
  public double getJitter() {
    return jitter;
  }

  /** Sets the share, from 0 to 0.5, by which pauses are shorter at random. */
  public LeaderElectionOptions setJitter(double jitter) {
    this.jitter = jitter;
    return this;
  }

  /** Whether this worker wants to lead, or only observes. */
  public boolean isCandidate() {
    return candidate;
  }

  /** Sets whether this worker wants to lead, or only observes. */
  public LeaderElectionOptions setCandidate(boolean candidate) {
    this.candidate = candidate;
    return this;
  }

  /** Whether other nodes of the cluster reach this worker's {@link LeaderElectionService}. */
  public boolean isClusteredService() {
    return clusteredService;
  }

  /**
   * Sets whether other nodes of the cluster reach this worker's {@link LeaderElectionService}. The
   * events' reach is {@link #setPublish}.
   */
  public LeaderElectionOptions setClusteredService(boolean clusteredService) {
    this.clusteredService = clusteredService;
    return this;
  }

  /** How far events travel on the event bus. */
  @GenIgnore
  public LeadershipPublishing getPublish() {
    return publish;
  }

  /** Sets how far events travel: {@code local}, {@code cluster} or {@code none} in JSON. */
  @GenIgnore
  public LeaderElectionOptions setPublish(LeadershipPublishing publish) {
    this.publish = publish;
    return this;
  }

  /** Public data about the leader in addition to its label, or null. */
  public JsonObject getMetadata() {
    return metadata;
  }

  /** Sets public data about the leader in addition to its label: at most 4 KiB of JSON. */
  public LeaderElectionOptions setMetadata(JsonObject metadata) {
    this.metadata = metadata;
    return this;
  }

  /** The verticles that run on the leader only. */
  public List<LeaderDeployment> getDeploy() {
    return deploy;
  }

  /** Sets the verticles that run on the leader only. */
  public LeaderElectionOptions setDeploy(List<LeaderDeployment> deploy) {
    this.deploy = deploy;
    return this;
  }

  boolean isLeaseDurationSet() {
    return leaseDuration != null;
  }

  boolean isRenewDeadlineSet() {
    return renewDeadline != null;
  }

  boolean isRetryIntervalSet() {
    return retryInterval != null;
  }

  boolean isBackendTimeoutSet() {
    return backendTimeout != null;
  }

  /** As JSON without the configuration of leader-only verticles, which may hold secrets. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
