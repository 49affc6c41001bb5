package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.LaunchedProcess;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The ways to a server with TLS: a pod's service account, a configuration, a kubeconfig. */
@ExtendWith(VertxExtension.class)
class KubernetesAccessTest {
  @TempDir static Path files;
  private static TestCertificates serverPair;
  private static TestCertificates clientPair;
  private static FakeApiServer server;
  private static FakeApiServer mutual;

  private Vertx vertx;
  private SyncBackend backend;

  @BeforeAll
  static void start() throws Exception {
    serverPair = TestCertificates.make(files, "server");
    clientPair = TestCertificates.make(files, "client");
    HttpServerOptions tls =
        new HttpServerOptions()
            .setSsl(true)
            .setKeyCertOptions(
                new PemKeyCertOptions()
                    .setCertPath(serverPair.certificate().toString())
                    .setKeyPath(serverPair.key().toString()));
    server = FakeApiServer.start(new HttpServerOptions(tls));
    server.token = "the-token";
    mutual =
        FakeApiServer.start(
            tls.setClientAuth(ClientAuth.REQUIRED)
                .setTrustOptions(
                    new PemTrustOptions().addCertPath(clientPair.certificate().toString())));
  }

  @AfterAll
  static void stop() {
    server.close();
    mutual.close();
  }

  @BeforeEach
  void openVertx(Vertx vertx) {
    this.vertx = vertx;
  }

  @AfterEach
  void close() {
    if (backend != null) {
      get(backend.close());
    }
  }

  private SyncBackend open(JsonObject config, UnaryOperator<String> environment) {
    backend = new KubernetesBackendFactory(environment).create(vertx, config);
    return backend;
  }

  private SyncBackend open(JsonObject config) {
    return open(config, System::getenv);
  }

  private static JsonObject type() {
    return new JsonObject().put("type", "kubernetes");
  }

  private static Path serviceAccount(String name, String token) throws IOException {
    Path account = Files.createDirectory(files.resolve(name));
    Files.writeString(account.resolve("token"), token);
    Files.writeString(account.resolve("namespace"), FakeApiServer.NAMESPACE);
    return Files.copy(serverPair.certificate(), account.resolve("ca.crt")).getParent();
  }

  private static Map<String, String> podVariables() {
    return Map.of(
        "KUBERNETES_SERVICE_HOST",
        "127.0.0.1",
        "KUBERNETES_SERVICE_PORT",
        String.valueOf(server.port()));
  }

  @Test
  void theShippedFileStartsInAPodAndSigtermHandsLeadershipOver() throws IOException {
    Map<String, String> variables = new HashMap<>(podVariables());
    variables.put("SERVICE_ACCOUNT", serviceAccount("launched", "the-token").toString());
    Path file = Path.of("conf/kubernetes.json");
    String lease = Names.of(LeaseKey.leader("demo"));
    try (LaunchedProcess first = LaunchedProcess.conclave(file, variables);
        LaunchedProcess second = LaunchedProcess.conclave(file, variables)) {
      first.await("Succeeded in deploying verticle");
      second.await("Succeeded in deploying verticle");
      eventually(
          "a process reports that it leads",
          () -> (first.output() + second.output()).contains("elected"));
      String before = holder(lease);
      boolean firstLeads = first.output().contains("elected");
      LaunchedProcess leader = firstLeads ? first : second;
      LaunchedProcess follower = firstLeads ? second : first;
      leader.terminate();
      assertThat(leader.awaitExit()).isEqualTo(143);
      follower.await("elected");
      assertThat(holder(lease)).isNotEmpty().isNotEqualTo(before);
      follower.terminate();
      assertThat(follower.awaitExit()).isEqualTo(143);
      assertThat(holder(lease)).as("the last one has stepped down too").isEmpty();
      assertThat(first.output() + second.output()).doesNotContain("the-token", "Exception");
    }
  }

  private static String holder(String lease) {
    FakeObjects.Result found = server.objects.get(FakeApiServer.LEASES, lease);
    return found.status() == 200
        ? found.body().getJsonObject("spec").getString("holderIdentity")
        : "";
  }

  @Test
  void aPodFindsItsWayByItsServiceAccount() throws IOException {
    Path account = serviceAccount("account", "an-old-token");
    Map<String, String> variables = podVariables();
    SyncBackend inPod = open(type().put("serviceAccount", account.toString()), variables::get);
    assertThat(failureOf(inPod.ping())).hasMessageContaining("401");
    Files.writeString(account.resolve("token"), "the-token\n");
    get(inPod.ping());
    assertThat(get(inPod.advance("register", 1))).isTrue();
  }

  @Test
  void aConfigurationMayNameEverything() {
    JsonObject config = server.config("lease").put("caFile", serverPair.certificate().toString());
    get(open(config.put("token", "the-token")).ping());
  }

  @Test
  void aServerWithoutATrustedCertificateIsRefused() {
    assertThat(failureOf(open(server.config("lease").put("token", "the-token")).ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("https://127.0.0.1")
        .hasMessageNotContaining("the-token");
  }

  @Test
  void aClientCertificateOpensTheDoor() {
    JsonObject config = mutual.config("lease").put("caFile", serverPair.certificate().toString());
    config
        .put("clientCertFile", clientPair.certificate().toString())
        .put("clientKeyFile", clientPair.key().toString());
    get(open(config).ping());
  }

  @Test
  void aKubeconfigWithFilesAndWithEmbeddedCertificates() throws IOException {
    String yaml =
        """
        apiVersion: v1
        kind: Config
        current-context: files
        contexts:
        - {name: files, context: {cluster: one, user: files, namespace: team-a}}
        - {name: embedded, context: {cluster: two, user: embedded, namespace: team-a}}
        clusters:
        - name: one
          cluster: {server: "%s", certificate-authority: server.crt}
        - name: two
          cluster: {server: "%s", certificate-authority-data: %s}
        users:
        - name: files
          user: {tokenFile: kubeconfig.token}
        - name: embedded
          user: {client-certificate-data: %s, client-key-data: %s}
        """
            .formatted(
                server.url(),
                mutual.url(),
                base64(serverPair.certificate()),
                base64(clientPair.certificate()),
                base64(clientPair.key()));
    Files.writeString(files.resolve("kubeconfig.token"), "the-token");
    JsonObject config =
        type().put("kubeconfig", Files.writeString(files.resolve("config"), yaml).toString());
    get(open(config).ping());
    get(backend.close());
    get(open(config.copy().put("context", "embedded")).ping());
    eventually("it was asked", () -> mutual.count("list") > 0);
  }

  private static String base64(Path file) throws IOException {
    return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
  }
}
