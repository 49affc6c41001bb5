package dev.conclave;

import dev.conclave.config.ConfigSchema;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;

/**
 * One worker of one election. Deployed, it campaigns; undeployed, it steps down gracefully: the
 * leader's verticles stop, the leadership is released, the first candidate in the queue leads.
 *
 * <p>Its configuration has the keys of {@link LeaderElectionOptions}, {@code backend}: an object
 * whose {@code type} names the backend, {@code requires}: {@code "cluster"} or {@code "process"},
 * and {@code startTimeout}: how long the deployment waits for a backend that cannot be reached yet
 * (0 by default). {@code ${ENV_VAR}} and {@code ${ENV_VAR:default}} are expanded in every string.
 * All times are milliseconds.
 *
 * <p>Deployment fails when the configuration breaks a rule, or when the backend cannot be reached
 * within {@code startTimeout} and the backend's own timeout. During a later outage of the backend,
 * the election retries until the verticle is undeployed.
 */
public class LeaderElectionVerticle extends VerticleBase {
  private volatile LeaderElection election;
  private EmbeddedConclave conclave;

  /** A verticle that reads its configuration when it is deployed. */
  public LeaderElectionVerticle() {}

  @Override
  public Future<?> start() {
    return StartFailure.ofStart(this::begin);
  }

  private Future<?> begin() {
    JsonObject config = ConfigSchema.named("election").read(config());
    LeaderElectionOptions options =
        new LeaderElectionOptions(EmbeddedConclave.otherKeys(config)).validate();
    return EmbeddedConclave.connect(vertx, config, new LockServiceOptions())
        .compose(
            connected -> {
              conclave = connected;
              election = connected.election(options, this::prepare);
              return election.start();
            })
        .recover(
            failure -> {
              Future<Void> failed = Future.failedFuture(failure);
              return close().transform(closed -> failed);
            });
  }

  /**
   * Called once, on the verticle's context, before the election starts. A subclass adds its
   * handlers and leader-only verticles here, so that they miss no event. Does nothing by default.
   */
  protected void prepare(LeaderElection election) {}

  @Override
  public Future<?> stop() {
    return close();
  }

  /**
   * The election, once the verticle is deployed; from any thread. Fails with {@link
   * ErrorCode#CLOSED} before.
   */
  public LeaderElection election() {
    LeaderElection started = election;
    if (started == null) {
      throw ErrorCode.CLOSED.failure("the election begins when its verticle is deployed");
    }
    return started;
  }

  private Future<Void> close() {
    return conclave == null ? Future.succeededFuture() : conclave.close();
  }
}
