package dev.conclave.election;

import dev.conclave.bus.Shown;
import dev.conclave.config.VirtualThreads;
import dev.conclave.error.ErrorCode;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.json.JsonObject;

/** A verticle that is to run on the leader only, by name. */
@DataObject
@JsonGen(publicConverter = false)
public class LeaderDeployment {
  private String verticle;
  private DeploymentOptions options = new DeploymentOptions();

  /** No verticle yet. */
  public LeaderDeployment() {}

  /** The verticle of this name with default options. */
  public LeaderDeployment(String verticle) {
    this.verticle = verticle;
  }

  /** A copy. */
  public LeaderDeployment(LeaderDeployment other) {
    this.verticle = other.verticle;
    this.options = new DeploymentOptions(other.options);
  }

  /** From {@link #toJson()}. */
  public LeaderDeployment(JsonObject json) {
    LeaderDeploymentConverter.fromJson(json, this);
  }

  /** As JSON. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LeaderDeploymentConverter.toJson(this, json);
    return json;
  }

  /** The name to deploy by: a class, or a name that a verticle factory accepts. */
  public String getVerticle() {
    return verticle;
  }

  /** Sets the name to deploy by; required. */
  public LeaderDeployment setVerticle(String verticle) {
    this.verticle = verticle;
    return this;
  }

  /** The deployment's options: configuration, instances, threading model. */
  public DeploymentOptions getOptions() {
    return options;
  }

  /** Sets the deployment's options. */
  public LeaderDeployment setOptions(DeploymentOptions options) {
    this.options = options;
    return this;
  }

  void check() {
    if (verticle == null || verticle.isEmpty()) {
      throw ErrorCode.INVALID.failure(
          "deploy: verticle is missing; expected the name of a verticle to run on the leader");
    }
    VirtualThreads.check("deploy.options", options);
  }

  /** As JSON without the configuration of leader-only verticles, which may hold secrets. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
