package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.LeaderElectionVerticle;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.examples.InKubernetes;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Elections on Kubernetes, and what the shipped manifests say. */
class KubernetesElectionTest extends FakeApiServerFixture {
  private JsonObject election(long leaseDuration, long retryInterval) {
    return new JsonObject()
        .put("backend", server.config("lease"))
        .put("election", "demo")
        .put("leaseDuration", leaseDuration)
        .put("renewDeadline", leaseDuration - 200)
        .put("retryInterval", retryInterval)
        .put("backendTimeout", 500);
  }

  private LeaderElectionVerticle deploy(Vertx on, JsonObject config) {
    LeaderElectionVerticle verticle = new LeaderElectionVerticle();
    get(on.deployVerticle(verticle, new DeploymentOptions().setConfig(config)));
    return verticle;
  }

  @Test
  void aGracefulStepDownIsOneWatchEventAway() {
    Vertx other = Vertx.vertx();
    // Only the watch can report it before the retry interval is over.
    JsonObject config = election(200_000, 100_000);
    LeaderElectionVerticle leader = new LeaderElectionVerticle();
    String id = get(vertx.deployVerticle(leader, new DeploymentOptions().setConfig(config)));
    eventually("a leader", () -> leader.election().isLeader());
    LeaderElectionVerticle follower = deploy(other, config);
    eventually("both watch", () -> server.openWatches() == 2);
    long before = System.nanoTime();
    get(vertx.undeploy(id));
    eventually("the follower leads", () -> follower.election().isLeader());
    System.out.printf(
        "Kubernetes: take-over %d ms after the beginning of a graceful step-down%n",
        (System.nanoTime() - before) / 1_000_000);
    get(other.close());
  }

  @Test
  void aCrashIsTakenOverWhenTheLeaseHasBeenObservedToRunOut() {
    SyncBackend dying = open();
    Duration lease = Duration.ofMillis(1500);
    take(dying, LeaseKey.leader("demo"), "dying", lease);
    LeaderElectionVerticle follower = deploy(vertx, election(200_000, 100_000));
    eventually("it watches", () -> server.openWatches() == 2);
    assertThat(get(dying.extend(LeaseKey.leader("demo"), "dying", lease))).isTrue();
    long renewed = System.nanoTime();
    get(dying.close());
    eventually("the follower leads", () -> follower.election().isLeader());
    long took = (System.nanoTime() - renewed) / 1_000_000;
    System.out.printf(
        "Kubernetes: take-over %d ms after the last renewal of a %d ms lease%n",
        took, lease.toMillis());
    assertThat(took).isBetween(lease.toMillis() - 20, 20_000L);
  }

  @Test
  void theRoleAllowsWhatIsUsedAndNoMore() throws IOException {
    Map<?, ?> role = document("conf/kubernetes-rbac.yaml", "Role");
    Map<?, ?> rule = (Map<?, ?>) ((List<?>) role.get("rules")).get(0);
    assertThat(rule.get("resources")).isEqualTo(List.of("leases"));
    assertThat(rule.get("verbs")).isEqualTo(List.of("get", "list", "watch", "create", "update"));
    SyncBackend backend = open();
    LeaseKey key = key();
    follow(backend, key);
    take(backend, key, "token", Duration.ofMinutes(1));
    get(backend.extend(key, "token", Duration.ofMinutes(1)));
    get(backend.owns(key, "token"));
    get(backend.list(key.kind(), "", null, 10));
    get(backend.advance("register", 1));
    get(backend.release(key, "token"));
    get(backend.revoke(key));
    get(backend.ping());
    assertThat(server.requests.stream().map(request -> request.split(" ")[0]).distinct())
        .containsExactlyInAnyOrderElementsOf(
            ((List<?>) rule.get("verbs")).stream().map(String::valueOf).toList());
    String documentation = Files.readString(Path.of("docs/kubernetes.md"));
    ((List<?>) rule.get("verbs"))
        .forEach(verb -> assertThat(documentation).contains("| `" + verb + "` | "));
  }

  @Test
  void aPausedServerThatCarriesOutAnOldRenewalKeepsNoCandidateOut() {
    // The lease is longer than this test waits: its own old token must not keep it out.
    LeaderElectionVerticle worker =
        deploy(vertx, election(200_000, 300).put("renewDeadline", 2_000));
    eventually("it leads", () -> worker.election().isLeader());
    server.pause();
    eventually("its renewal hangs", () -> server.waiting() > 0);
    eventually("it has stepped down", () -> !worker.election().isLeader());
    server.resume();
    eventually("it leads again", () -> worker.election().isLeader());
  }

  @Test
  void theExampleDeploymentGivesThePodTimeToStepDown() throws IOException {
    Map<?, ?> deployment = document("examples/kubernetes/deployment.yaml", "Deployment");
    Map<?, ?> template = (Map<?, ?>) ((Map<?, ?>) deployment.get("spec")).get("template");
    Map<?, ?> pod = (Map<?, ?>) template.get("spec");
    assertThat(pod.get("serviceAccountName")).isEqualTo("conclave");
    assertThat((Integer) pod.get("terminationGracePeriodSeconds")).isGreaterThanOrEqualTo(20);
    Map<?, ?> container = (Map<?, ?>) ((List<?>) pod.get("containers")).get(0);
    assertThat(container.keySet().stream().map(String::valueOf))
        .contains("startupProbe", "livenessProbe", "readinessProbe");
  }

  @Test
  void theExampleAnswersTheProbesAndStepsDownWhenItEnds() throws IOException {
    Map<?, ?> configMap = document("examples/kubernetes/deployment.yaml", "ConfigMap");
    String file = (String) ((Map<?, ?>) configMap.get("data")).get("conclave.json");
    JsonObject config = new JsonObject(file.replace("${POD_NAME}", "pod-1")).put("healthPort", 0);
    config.getJsonObject("backend").mergeIn(server.config("lease"));
    InKubernetes verticle = new InKubernetes();
    String id = get(vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config)));
    assertThat(probe(verticle, "/live")).isEqualTo(200);
    assertThat(probe(verticle, "/ready")).isEqualTo(200);
    server.forbidden.add("list");
    assertThat(probe(verticle, "/ready")).isEqualTo(503);
    assertThat(probe(verticle, "/live")).isEqualTo(200);
    LeaseKey key = LeaseKey.leader("demo");
    eventually(
        "it leads",
        () ->
            server.requests.contains("create ")
                && spec(stored(key)).getString("holderIdentity").startsWith("pod-1_"));
    get(vertx.undeploy(id));
    assertThat(spec(stored(key)).getString("holderIdentity")).isEmpty();
  }

  private int probe(InKubernetes verticle, String path) {
    HttpClient client = vertx.createHttpClient();
    return get(
        client
            .request(HttpMethod.GET, verticle.healthPort(), "127.0.0.1", path)
            .compose(request -> request.send())
            .map(response -> response.statusCode())
            .eventually(client::close));
  }

  private static Map<?, ?> document(String file, String kind) throws IOException {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(in)) {
        if (document instanceof Map<?, ?> map && kind.equals(map.get("kind"))) {
          return map;
        }
      }
    }
    throw new AssertionError(file + " has no " + kind);
  }
}
