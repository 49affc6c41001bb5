package dev.conclave.backend.kubernetes;

import dev.conclave.backend.BackendFactory;
import dev.conclave.backend.SyncBackend;
import dev.conclave.config.ConfigSchema;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Type {@code kubernetes}. Without further configuration it uses the service account of the pod it
 * runs in; see {@code docs/kubernetes.md} for every key.
 */
public final class KubernetesBackendFactory implements BackendFactory {
  private final UnaryOperator<String> environment;

  /** A factory that uses the environment variables of this process, as in a pod. */
  public KubernetesBackendFactory() {
    this(System::getenv);
  }

  KubernetesBackendFactory(UnaryOperator<String> environment) {
    this.environment = environment;
  }

  @Override
  public String type() {
    return "kubernetes";
  }

  @Override
  public SyncBackend create(Vertx vertx, JsonObject config) {
    return new KubernetesBackend(vertx, KubernetesConfig.of(config, environment));
  }

  @Override
  public Class<?> expected(List<String> place) {
    return ConfigSchema.named("backend-kubernetes").expected(place);
  }
}
