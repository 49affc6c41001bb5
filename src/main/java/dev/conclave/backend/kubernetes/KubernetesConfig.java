package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.api.Access;
import dev.conclave.backend.kubernetes.api.Endpoint;
import dev.conclave.backend.kubernetes.api.Kubeconfig;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.support.ClientLibrary;
import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A configuration, checked as far as that is possible without reading files. The way to the API
 * server is one of three, and mixtures that would leave a key without effect are refused:
 *
 * <ol>
 *   <li>{@code kubeconfig}: everything is in that file.
 *   <li>{@code apiServer}: everything is in this configuration.
 *   <li>Neither: the pod's own service account.
 * </ol>
 */
final class KubernetesConfig {
  private static final String SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
  private static final int DEFAULT_TIMEOUT = 5000;
  private static final int DEFAULT_CONNECTIONS = 8;
  private static final List<String> ACCESS =
      List.of("apiServer", "token", "tokenFile", "caFile", "clientCertFile", "clientKeyFile");

  private final JsonObject config;
  private final UnaryOperator<String> environment;

  /**
   * Fails with {@link ErrorCode#INVALID} when the configuration breaks a rule.
   *
   * @param environment the environment variables
   */
  static KubernetesConfig of(JsonObject config, UnaryOperator<String> environment) {
    KubernetesConfig checked =
        new KubernetesConfig(
            ConfigSchema.named("backend-kubernetes").check("backend", config), environment);
    checked.check();
    return checked;
  }

  private KubernetesConfig(JsonObject config, UnaryOperator<String> environment) {
    this.config = config;
    this.environment = environment;
  }

  Resource resource() {
    return Resource.of(config.getString("resource", "lease"));
  }

  Duration timeout() {
    return Duration.ofMillis(config.getInteger("timeout", DEFAULT_TIMEOUT));
  }

  int connections() {
    return config.getInteger("connections", DEFAULT_CONNECTIONS);
  }

  /** Reads the files that the configuration names. */
  Future<Endpoint> resolve(Vertx vertx, Scheduler scheduler) {
    HttpClientOptions options = options();
    return access(vertx).compose(access -> access.endpoint(vertx, scheduler, options));
  }

  private Future<Access> access(Vertx vertx) {
    String namespace = config.getString("namespace");
    if (config.containsKey("kubeconfig")) {
      return Kubeconfig.read(vertx, config.getString("kubeconfig"), config.getString("context"))
          .map(access -> namespace == null ? access : access.inNamespace(namespace));
    }
    if (config.containsKey("apiServer")) {
      Access access = named(config.getString("apiServer"), null, null);
      return Future.succeededFuture(access.inNamespace(namespace == null ? "default" : namespace));
    }
    Access access = named(inCluster(), serviceAccount("token"), serviceAccount("ca.crt"));
    return namespace != null
        ? Future.succeededFuture(access.inNamespace(namespace))
        : Access.text(vertx, serviceAccount("namespace")).map(access::inNamespace);
  }

  private String serviceAccount(String file) {
    return config.getString("serviceAccount", SERVICE_ACCOUNT) + "/" + file;
  }

  private Access named(String url, String defaultTokenFile, String defaultCaFile) {
    boolean own = config.containsKey("token") || config.containsKey("clientCertFile");
    return new Access(
        url,
        null,
        Access.Pem.file(config.getString("caFile", defaultCaFile)),
        Access.Pem.file(config.getString("clientCertFile")),
        Access.Pem.file(config.getString("clientKeyFile")),
        config.getString("token"),
        config.getString("tokenFile", own ? null : defaultTokenFile),
        false);
  }

  private String inCluster() {
    String host = environment.apply("KUBERNETES_SERVICE_HOST");
    String port = environment.apply("KUBERNETES_SERVICE_PORT");
    boolean literal = host.contains(":") && !host.startsWith("[");
    return "https://" + (literal ? "[" + host + "]" : host) + ":" + (port == null ? "443" : port);
  }

  private void check() {
    boolean kubeconfig = config.containsKey("kubeconfig");
    if (kubeconfig) {
      for (String key : ACCESS) {
        refuseIf(config.containsKey(key), key + " has no effect together with backend.kubeconfig");
      }
      ClientLibrary.require("kubernetes", "org.yaml.snakeyaml.Yaml", "org.yaml:snakeyaml");
    }
    refuseIf(
        config.containsKey("serviceAccount") && (kubeconfig || config.containsKey("apiServer")),
        "serviceAccount has no effect together with backend.apiServer or backend.kubeconfig");
    refuseIf(
        config.containsKey("context") && !kubeconfig,
        "context has no effect without backend.kubeconfig");
    refuseIf(
        config.containsKey("token") && config.containsKey("tokenFile"),
        "token and backend.tokenFile exclude each other");
    refuseIf(
        config.containsKey("clientCertFile") != config.containsKey("clientKeyFile"),
        "clientCertFile and backend.clientKeyFile need each other");
    if (config.containsKey("apiServer")) {
      Access.checkUrl("backend.apiServer", config.getString("apiServer"));
    } else if (!kubeconfig) {
      String host = environment.apply("KUBERNETES_SERVICE_HOST");
      refuseIf(
          host == null || host.isEmpty(),
          "apiServer and backend.kubeconfig are missing, and this is not a pod of a cluster:"
              + " KUBERNETES_SERVICE_HOST is not set");
    }
    options();
  }

  private HttpClientOptions options() {
    try {
      return new HttpClientOptions(config.getJsonObject("options", new JsonObject()).copy());
    } catch (RuntimeException wrong) {
      throw ErrorCode.INVALID.failure(
          "backend.options has a wrong value; expected Vert.x' HttpClientOptions as JSON");
    }
  }

  private static void refuseIf(boolean wrong, String rule) {
    if (wrong) {
      throw ErrorCode.INVALID.failure("backend." + rule);
    }
  }
}
