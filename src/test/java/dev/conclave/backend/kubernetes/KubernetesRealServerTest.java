package dev.conclave.backend.kubernetes;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import io.vertx.core.Vertx;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Both resources of a real API server against the specification; nothing where there is none. */
@ParameterizedClass(name = "{0}", allowZeroInvocations = true)
@MethodSource("dev.conclave.backend.kubernetes.RealApiServer#resources")
class KubernetesRealServerTest extends SyncBackendContract {
  private final String resource;

  KubernetesRealServerTest(String resource) {
    this.resource = resource;
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return new KubernetesBackendFactory().create(vertx, RealApiServer.config(resource));
  }

  @Override
  protected boolean handsOver() {
    return false;
  }
}
