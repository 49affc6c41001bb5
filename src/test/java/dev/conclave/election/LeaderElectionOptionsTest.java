package dev.conclave.election;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.ProcessLabel;
import dev.conclave.task.TaskManagerOptions;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class LeaderElectionOptionsTest {
  private static void assertRefused(Consumer<LeaderElectionOptions> change, String... parts) {
    LeaderElectionOptions options = new LeaderElectionOptions("orders");
    change.accept(options);
    assertThatThrownBy(options::validate).matches(ErrorCode.INVALID::is).message().contains(parts);
  }

  @Test
  void theDefaultsAreValidAndThoseOfTheDocumentation() {
    LeaderElectionOptions options = new LeaderElectionOptions("orders").validate();
    assertThat(options.getLeaseDuration()).isEqualTo(15_000);
    assertThat(options.getRenewDeadline()).isEqualTo(10_000);
    assertThat(options.getRetryInterval()).isEqualTo(2_000);
    assertThat(options.getBackendTimeout()).isEqualTo(5_000);
    assertThat(options.getErrorInterval()).isEqualTo(30_000);
    assertThat(options.getStopTimeout()).isEqualTo(10_000);
    assertThat(options.getJitter()).isEqualTo(0.1);
    assertThat(options.isCandidate()).isTrue();
    assertThat(options.getPublish()).isEqualTo(LeadershipPublishing.LOCAL);
  }

  @Test
  void theDefaultLabelIsThatOfLocksAndTasks() {
    assertThat(new LeaderElectionOptions("a").getWorker())
        .isEqualTo(ProcessLabel.get())
        .isEqualTo(new TaskManagerOptions().getWorker())
        .endsWith(":" + ProcessHandle.current().pid());
  }

  @Test
  void theTimesFollowTheLeaseInProportion() {
    assertThat(times(new LeaderElectionOptions("a").setLeaseDuration(3_000)))
        .containsExactly(3_000L, 2_000L, 400L, 1_000L);
    assertThat(times(new LeaderElectionOptions("a").setLeaseDuration(100)))
        .containsExactly(100L, 66L, 13L, 33L);
    assertThat(times(new LeaderElectionOptions("a").setLeaseDuration(60_000)))
        .containsExactly(60_000L, 40_000L, 8_000L, 20_000L);
    assertThat(times(new LeaderElectionOptions("a").setRenewDeadline(3_000)))
        .containsExactly(15_000L, 3_000L, 600L, 1_500L);
  }

  @Test
  void aCopyKnowsWhichTimesAreDefaults() {
    LeaderElectionOptions options = new LeaderElectionOptions("a").setRetryInterval(100);
    assertThat(times(new LeaderElectionOptions(options).setLeaseDuration(3_000)))
        .containsExactly(3_000L, 2_000L, 100L, 1_000L);
  }

  private static List<Long> times(LeaderElectionOptions options) {
    options.validate();
    return List.of(
        options.getLeaseDuration(),
        options.getRenewDeadline(),
        options.getRetryInterval(),
        options.getBackendTimeout());
  }

  @Test
  void aRefusalNamesTheElectionAndWhatIsADefault() {
    assertRefused(
        o -> o.setRenewDeadline(20_000),
        "election 'orders': renewDeadline 20000 must be less than leaseDuration 15000 (the"
            + " default): ");
    assertRefused(
        o -> o.setLeaseDuration(3_000).setRetryInterval(2_000),
        "election 'orders': retryInterval 2000 must be less than renewDeadline 2000 (by default two"
            + " thirds of leaseDuration): ");
    assertRefused(
        o -> o.setRenewDeadline(1_000).setBackendTimeout(1_000),
        "backendTimeout 1000 must be less than renewDeadline 1000: ");
  }

  @Test
  void timingsThatCannotWorkAreRefusedInASentenceThatNamesBothFields() {
    assertRefused(o -> o.setRenewDeadline(15_000), "renewDeadline 15000", "leaseDuration 15000");
    assertRefused(o -> o.setRetryInterval(10_000), "retryInterval 10000", "renewDeadline 10000");
    assertRefused(o -> o.setBackendTimeout(11_000), "backendTimeout 11000", "renewDeadline 10000");
    assertRefused(o -> o.setLeaseDuration(0), "leaseDuration 0", "positive");
    assertRefused(o -> o.setRenewDeadline(-1), "renewDeadline -1", "positive");
    assertRefused(o -> o.setRetryInterval(0), "retryInterval 0", "positive");
    assertRefused(o -> o.setBackendTimeout(0), "backendTimeout 0", "positive");
    assertRefused(o -> o.setErrorInterval(0), "errorInterval 0", "positive");
    assertRefused(o -> o.setStopTimeout(0), "stopTimeout 0", "positive");
    assertRefused(o -> o.setLeaseDuration(50), "leaseDuration 50", "at least 100 ms");
    assertRefused(o -> o.setLeaseDuration(Long.MAX_VALUE / 1_000_000), "leaseDuration", "366 days");
    long longest = LeaseRequest.MAX_DURATION.toMillis();
    assertThatCode(() -> new LeaderElectionOptions("a").setLeaseDuration(longest).validate())
        .doesNotThrowAnyException();
    assertRefused(o -> o.setLeaseDuration(longest + 1), "leaseDuration " + (longest + 1));
    assertRefused(o -> o.setJitter(0.6), "jitter 0.6", "from 0 to 0.5");
    assertRefused(o -> o.setJitter(Double.NaN), "jitter NaN");
  }

  @Test
  void namesAndMetadataAreChecked() {
    assertRefused(o -> o.setElection(null), "election", "missing");
    assertRefused(o -> o.setElection(""), "election", "empty");
    assertRefused(o -> o.setElection("x".repeat(201)), "election", "201 characters");
    assertRefused(o -> o.setWorker("a\nb"), "worker", "control character");
    assertRefused(
        o -> o.setMetadata(new JsonObject().put("a", "x".repeat(5_000))), "metadata", "4096");
    assertRefused(o -> o.setDeploy(List.of(new LeaderDeployment())), "deploy", "verticle");
    assertRefused(o -> o.setPublish(null), "publish");
  }

  @Test
  void jsonCarriesEverything() {
    LeaderElectionOptions options =
        new LeaderElectionOptions("orders")
            .setWorker("w")
            .setLeaseDuration(9_000)
            .setRenewDeadline(8_000)
            .setRetryInterval(1_000)
            .setBackendTimeout(2_000)
            .setErrorInterval(3_000)
            .setStopTimeout(4_000)
            .setJitter(0.2)
            .setCandidate(false)
            .setPublish(LeadershipPublishing.CLUSTER)
            .setClusteredService(true)
            .setMetadata(new JsonObject().put("a", 1))
            .setDeploy(
                List.of(
                    new LeaderDeployment("v")
                        .setOptions(
                            new DeploymentOptions()
                                .setThreadingModel(ThreadingModel.WORKER)
                                .setConfig(new JsonObject().put("b", 2)))));
    JsonObject json = options.toJson();
    assertThat(json.getString("publish")).isEqualTo("cluster");
    assertThat(new LeaderElectionOptions(json).toJson()).isEqualTo(json);
    assertThat(new LeaderElectionOptions(options).toJson()).isEqualTo(json);
    assertThat(json.fieldNames()).hasSize(14);
  }

  @Test
  void anUnknownWayToPublishIsRefused() {
    assertThatThrownBy(() -> new LeaderElectionOptions(new JsonObject().put("publish", "all")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("publish 'all'");
  }

  @Test
  void anEventSurvivesJson() {
    JsonObject json =
        new LeadershipEvent()
            .setElection("orders")
            .setWorker("w")
            .setFencingToken(7)
            .setReason(LeadershipReason.RENEWAL_FAILED)
            .setAt("2026-01-01T00:00:00Z")
            .toJson();
    assertThat(json.containsKey("leader")).isTrue();
    assertThat(json.getString("reason")).isEqualTo("renewal-failed");
    assertThat(new LeadershipEvent(json).toJson()).isEqualTo(json);
  }
}
