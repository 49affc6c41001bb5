package dev.conclave;

import dev.conclave.config.ConfigSchema;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;

/**
 * Binds a {@link LockService} to its event-bus address.
 *
 * <p>Configuration: {@code backend} (an object with a {@code type}, required), {@code requires}
 * ({@code "cluster"} refuses a backend for one process), {@code startTimeout} (how long the start
 * waits for a backend that cannot be reached yet; 0 by default) and the keys of {@link
 * LockServiceOptions}; durations are milliseconds. The start fails when the configuration breaks a
 * rule, or the backend cannot be reached within {@code startTimeout} and the backend's own timeout.
 * When undeployed, it refuses new calls, fails those that wait with {@code CLOSED}, and releases
 * their positions in the queues.
 *
 * <p>One instance per process serves any number of callers; requests are queued in the order of
 * their arrival at an instance. Several instances may listen on one address, in one process or in a
 * cluster: each call reaches one of them, and a release also ends a wait at another.
 */
public class LockServiceVerticle extends VerticleBase {
  private EmbeddedConclave conclave;

  @Override
  public Future<?> start() {
    return StartFailure.ofStart(this::begin);
  }

  private Future<?> begin() {
    JsonObject config = ConfigSchema.named("locks").read(config());
    LockServiceOptions options =
        new LockServiceOptions(EmbeddedConclave.otherKeys(config)).validate();
    return EmbeddedConclave.connect(vertx, config, options)
        .compose(
            connected -> {
              conclave = connected;
              return connected.lockService().start();
            })
        .recover(failure -> close().transform(closed -> Future.failedFuture(failure)));
  }

  @Override
  public Future<?> stop() {
    return close();
  }

  private Future<Void> close() {
    return conclave == null ? Future.succeededFuture() : conclave.close();
  }
}
