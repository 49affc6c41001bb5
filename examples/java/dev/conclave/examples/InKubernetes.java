package dev.conclave.examples;

import dev.conclave.ConclaveVerticle;
import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;

/**
 * What {@code examples/kubernetes/deployment.yaml} runs: everything from one file, and an HTTP
 * server for the kubelet's probes on port 8080 (or {@code healthPort}).
 *
 * <p>{@code /live} succeeds while the event loop runs; {@code /ready} succeeds while the API server
 * answers. Neither depends on which pod leads: a follower is as healthy as the leader.
 */
public final class InKubernetes extends VerticleBase {
  private SyncBackend backend;
  private HttpServer server;

  /** A verticle that reads its configuration when it is deployed. */
  public InKubernetes() {}

  @Override
  public Future<?> start() {
    var config = config().copy();
    Object port = config.remove("healthPort");
    server = vertx.createHttpServer().requestHandler(this::answer);
    return Backends.connect(vertx, config.getJsonObject("backend"))
        .compose(
            connected -> {
              backend = connected;
              return vertx.deployVerticle(
                  new ConclaveVerticle(), new DeploymentOptions().setConfig(config));
            })
        .compose(deployed -> server.listen(port == null ? 8080 : (Integer) port));
  }

  /** The election steps down first: Vert.x stops the verticles that this one has deployed. */
  @Override
  public Future<?> stop() {
    return backend.close();
  }

  /** The port of the probes. */
  public int healthPort() {
    return server.actualPort();
  }

  private void answer(HttpServerRequest request) {
    switch (request.path()) {
      case "/live" -> request.response().end();
      case "/ready" ->
          backend
              .ping()
              .onSuccess(reached -> request.response().end())
              .onFailure(
                  failure -> request.response().setStatusCode(503).end(failure.getMessage()));
      default -> request.response().setStatusCode(404).end();
    }
  }
}
