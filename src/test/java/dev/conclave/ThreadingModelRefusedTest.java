package dev.conclave;

import static dev.conclave.testing.Async.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.election.LeaderDeployment;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

/** Where Java has none, the virtual threading model is refused when it is asked for. */
@EnabledForJreRange(max = JRE.JAVA_20)
@ExtendWith(VertxExtension.class)
class ThreadingModelRefusedTest {
  private static final DeploymentOptions VIRTUAL =
      new DeploymentOptions().setThreadingModel(ThreadingModel.VIRTUAL_THREAD);
  private static final String NEEDS =
      "options.threadingModel VIRTUAL_THREAD needs Java 21 or later, this is Java "
          + Runtime.version().feature();

  /** By Vert.x itself, before a verticle of ours is started. */
  @Test
  void ourVerticlesAreRefused(Vertx vertx) {
    List<Deployable> ours =
        List.of(
            new LockServiceVerticle(),
            new LeaderElectionVerticle(),
            new TaskManagerVerticle(),
            new ConclaveVerticle());
    for (Deployable verticle : ours) {
      assertThat(failureOf(vertx.deployVerticle(verticle, VIRTUAL)))
          .hasMessage("This Java runtime does not support virtual threads");
    }
    assertThat(vertx.deploymentIDs()).isEmpty();
  }

  @Test
  void leaderOnlyVerticlesAreRefusedBeforeThereIsALeader() {
    LeaderElectionOptions options =
        new LeaderElectionOptions()
            .setElection("orders")
            .setDeploy(List.of(new LeaderDeployment("a.Verticle").setOptions(VIRTUAL)));
    assertThatThrownBy(options::validate)
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("deploy." + NEEDS);
  }

  @Test
  void verticlesOfTasksAreRefusedBeforeTheFirstRun(Vertx vertx) {
    JsonObject task =
        new JsonObject()
            .put("name", "report")
            .put("every", 1000)
            .put("verticle", "a.Verticle")
            .put("options", new JsonObject().put("threadingModel", "VIRTUAL_THREAD"));
    JsonObject config =
        new JsonObject()
            .put("backend", new JsonObject().put("type", "memory"))
            .put("tasks", new JsonArray().add(task));
    assertThat(
            failureOf(
                vertx.deployVerticle(
                    new TaskManagerVerticle(), new DeploymentOptions().setConfig(config))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("tasks[0]", NEEDS);
  }
}
