package dev.conclave.backend.kubernetes;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** ConfigMaps against the specification. */
class KubernetesConfigMapContractTest extends SyncBackendContract {
  private static FakeApiServer server;

  @BeforeAll
  static void start() {
    server = FakeApiServer.start();
    System.out.println("Kubernetes (configmap): the tests' own API server at " + server.url());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return new KubernetesBackendFactory().create(vertx, server.config("configmap"));
  }

  @Override
  protected boolean handsOver() {
    return false;
  }
}
