package dev.conclave.backend.kubernetes;

import dev.conclave.testing.Docker;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * A real API server, where there is one: that of {@code CONCLAVE_TEST_KUBERNETES} (the path of a
 * kubeconfig; or {@code https://…}, with {@code CONCLAVE_TEST_KUBERNETES_TOKEN} and the path {@code
 * CONCLAVE_TEST_KUBERNETES_CA}), else k3s where a Docker engine answers. The namespace is {@code
 * CONCLAVE_TEST_KUBERNETES_NAMESPACE} or {@code default}.
 */
final class RealApiServer {
  private static final String VARIABLE = "CONCLAVE_TEST_KUBERNETES";
  private static final String NAMED = System.getenv(VARIABLE);
  private static final DockerImageName K3S = DockerImageName.parse("rancher/k3s:v1.31.4-k3s1");
  private static JsonObject config;

  private RealApiServer() {}

  /** The resources to test there: both, or none without a real API server. */
  static List<String> resources() {
    if (NAMED == null && !Docker.answers()) {
      System.out.println("Kubernetes: no real API server, the tests' own only");
      return List.of();
    }
    System.out.println(
        "Kubernetes: the API server of " + (NAMED != null ? VARIABLE : K3S + " in a container"));
    return List.of("lease", "configmap");
  }

  /** A configuration that leads there. */
  static synchronized JsonObject config(String resource) {
    if (config == null) {
      config = NAMED != null ? named() : k3s();
    }
    return config.copy().put("resource", resource);
  }

  private static JsonObject named() {
    JsonObject named = new JsonObject().put("type", "kubernetes");
    String namespace = System.getenv("CONCLAVE_TEST_KUBERNETES_NAMESPACE");
    if (namespace != null) {
      named.put("namespace", namespace);
    }
    if (!NAMED.startsWith("http")) {
      return named.put("kubeconfig", NAMED);
    }
    String token = System.getenv("CONCLAVE_TEST_KUBERNETES_TOKEN");
    String ca = System.getenv("CONCLAVE_TEST_KUBERNETES_CA");
    named.put("apiServer", NAMED);
    if (token != null) {
      named.put("token", token);
    }
    return ca == null ? named : named.put("caFile", ca);
  }

  @SuppressWarnings("resource") // the engine removes it when the tests' process ends
  private static JsonObject k3s() {
    K3sContainer container = new K3sContainer(K3S);
    container.start();
    try {
      Path file = Files.createTempFile("conclave-k3s", ".yaml");
      file.toFile().deleteOnExit();
      Files.writeString(file, container.getKubeConfigYaml());
      return new JsonObject().put("type", "kubernetes").put("kubeconfig", file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
