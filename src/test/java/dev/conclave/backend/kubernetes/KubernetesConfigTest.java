package dev.conclave.backend.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.kubernetes.api.Access;
import dev.conclave.backend.kubernetes.api.Kubeconfig;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations that are refused, each in a sentence. */
class KubernetesConfigTest {
  private static KubernetesConfig settings(String json) {
    JsonObject config = new JsonObject(json.replace('\'', '"')).put("type", "kubernetes");
    return KubernetesConfig.of(config, nothing -> null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                                       | KUBERNETES_SERVICE_HOST",
        "{'apiServer': 'ftp://a'}                                 | backend.apiServer",
        "{'apiServer': 'https://joe:hidden@a'}                    | no credentials",
        "{'apiServer': 'https://'}                                | backend.apiServer",
        "{'apiServer': 'http://a', 'resource': 'secret'}          | backend.resource is \"secret\"",
        "{'apiServer': 'http://a', 'namespace': 'Team A'}         | backend.namespace",
        "{'apiServer': 'http://a', 'timeout': 0}                  | backend.timeout is 0",
        "{'apiServer': 'http://a', 'timeout': 'soon'}             | backend.timeout",
        "{'apiServer': 'http://a', 'connections': 0}              | backend.connections",
        "{'apiServer': 'http://a', 'colour': 'red'}               | backend.colour",
        "{'apiServer': 'http://a', 'token': 'hidden\\nhidden'}    | backend.token",
        "{'apiServer': 'http://a', 'token': 'hidden', 'tokenFile': 'f'} | backend.tokenFile",
        "{'apiServer': 'http://a', 'clientCertFile': 'f'}         | backend.clientKeyFile",
        "{'apiServer': 'http://a', 'context': 'c'}                | backend.context",
        "{'apiServer': 'http://a', 'options': {'protocolVersion': '9'}} | backend.options",
        "{'kubeconfig': 'f', 'apiServer': 'http://a'}             | backend.apiServer",
        "{'kubeconfig': 'f', 'token': 'hidden'}                   | backend.token",
        "{'apiServer': 'http://a', 'serviceAccount': 'd'}         | backend.serviceAccount",
        "{'kubeconfig': 'f', 'caFile': 'g'}                       | backend.caFile"
      })
  void isRefused(String json, String part) {
    assertThatThrownBy(() -> settings(json))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining(part)
        .hasMessageNotContaining("hidden");
  }

  @Test
  void defaultsAreThoseOfTheDocumentation() {
    KubernetesConfig settings = settings("{'apiServer': 'http://a'}");
    assertThat(settings.resource()).isEqualTo(Resource.LEASE);
    assertThat(settings.timeout()).hasSeconds(5);
    assertThat(settings.connections()).isEqualTo(8);
  }

  private static Access access(String users, String clusters, String context) {
    String yaml =
        """
        current-context: main
        contexts:
        - {name: main, context: {cluster: c, user: u}}
        - {name: broken, context: {cluster: missing, user: u}}
        clusters: [{name: c, cluster: {server: "https://host:6443/prefix/"%s}}]
        users: [{name: u, user: {%s}}]
        """;
    return Kubeconfig.parse("/etc/conclave/config", yaml.formatted(clusters, users))
        .access(context);
  }

  @Test
  void aKubeconfigIsReadAsKubectlReadsIt() {
    Access access = access("token: abc, client-certificate: certs/c.pem", "", null);
    assertThat(access.url()).isEqualTo("https://host:6443/prefix/");
    assertThat(access.namespace()).isEqualTo("default");
    assertThat(access.token()).isEqualTo("abc");
    assertThat(access.clientCert().file()).isEqualTo("/etc/conclave/certs/c.pem");
    assertThat(access.toString()).doesNotContain("abc");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "exec: {command: aws}       |                           |         | 'exec'",
        "auth-provider: {name: x}   |                           |         | 'auth-provider'",
        "username: a, password: b   |                           |         | 'username'",
        "token: abc                 | , tls-server-name: x      |         | 'tls-server-name'",
        "token: abc                 | , proxy-url: http://x     |         | 'proxy-url'",
        "token: abc                 | , certificate-authority-data: '*' |  | certificate-authority",
        "token: abc                 |                           | other   | no context 'other'",
        "token: abc                 |                           | broken  | no cluster 'missing'"
      })
  void ofAKubeconfigIsRefused(String user, String cluster, String context, String part) {
    assertThatThrownBy(() -> access(user, cluster == null ? "" : cluster, context))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("/etc/conclave/config", part)
        .hasMessageNotContaining("abc");
  }

  @Test
  void aFileThatIsNotYamlIsRefusedWithoutBeingShown() {
    assertThatThrownBy(() -> Kubeconfig.parse("f", "users: [{token: hidden"))
        .matches(ErrorCode.INVALID::is)
        .hasMessageNotContaining("hidden");
  }

  @Test
  void withoutItsYamlLibraryAKubeconfigNamesTheArtifact() throws Exception {
    URL here = KubernetesConfig.class.getProtectionDomain().getCodeSource().getLocation();
    try (WithoutYaml loader = new WithoutYaml(here)) {
      Object factory =
          loader
              .loadClass(KubernetesBackendFactory.class.getName())
              .getDeclaredConstructor()
              .newInstance();
      var create =
          factory.getClass().getMethod("create", io.vertx.core.Vertx.class, JsonObject.class);
      JsonObject config = new JsonObject().put("type", "kubernetes").put("kubeconfig", "f");
      assertThatThrownBy(() -> create.invoke(factory, null, config))
          .cause()
          .hasMessageContaining("org.yaml:snakeyaml");
    }
  }

  /** Conclave's own classes anew, without the YAML library. */
  private static final class WithoutYaml extends URLClassLoader {
    WithoutYaml(URL classes) {
      super(new URL[] {classes}, KubernetesConfigTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("org.yaml.")) {
        throw new ClassNotFoundException(name);
      }
      if (name.startsWith("dev.conclave.")) {
        Class<?> known = findLoadedClass(name);
        return known != null ? known : findClass(name);
      }
      return super.loadClass(name, resolve);
    }
  }
}
