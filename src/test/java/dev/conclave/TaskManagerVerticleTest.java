package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import dev.conclave.task.TaskService;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tasks from a JSON file, and the life of their verticle. */
@ExtendWith(VertxExtension.class)
class TaskManagerVerticleTest {
  private static final List<JsonObject> ONE_SHOTS = new CopyOnWriteArrayList<>();

  private Vertx vertx;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    ONE_SHOTS.clear();
  }

  /** Deployed on schedule. */
  public static final class OneShot extends VerticleBase {
    @Override
    public Future<?> start() {
      ONE_SHOTS.add(config());
      return Future.succeededFuture();
    }
  }

  /** Deployed on schedule; has work to do until the test ends it. */
  public static final class LongShot extends VerticleBase {
    @Override
    public Future<?> start() {
      ONE_SHOTS.add(config());
      return vertx.eventBus().request("long-shot", "may I end?");
    }
  }

  private static JsonObject config(Object... tasks) {
    return new JsonObject()
        .put("backend", new JsonObject().put("type", "memory"))
        .put("tasks", new JsonArray(List.of(tasks)));
  }

  private Future<String> deploy(Deployable verticle, JsonObject config) {
    return vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config));
  }

  private static JsonObject every(String name) {
    return new JsonObject().put("name", name).put("every", 10);
  }

  private void assertRefused(JsonObject task, String... parts) {
    for (Deployable verticle : List.of(new TaskManagerVerticle(), new ConclaveVerticle())) {
      assertThat(failureOf(deploy(verticle, config(task))))
          .matches(ErrorCode.INVALID::is)
          .hasMessageContainingAll(parts);
      assertThat(vertx.deploymentIDs()).isEmpty();
    }
  }

  @Test
  void sendsMessagesThatTellOfTheirRun() {
    Promise<Message<JsonObject>> first = Promise.promise();
    vertx
        .eventBus()
        .<JsonObject>consumer(
            "work",
            message -> {
              first.tryComplete(message);
              message.reply("done");
            });
    get(
        deploy(
            new TaskManagerVerticle(),
            config(
                every("a")
                    .put("address", "work")
                    .put("message", new JsonObject().put("full", true))
                    .put("sync", new JsonObject().put("taskLock", true).put("lock", "files")))));
    Message<JsonObject> message = get(first.future());
    assertThat(message.body()).isEqualTo(new JsonObject().put("full", true));
    assertThat(message.headers().get("task")).isEqualTo("a");
    assertThat(Long.parseLong(message.headers().get("fencingToken"))).isPositive();
    TaskService service = TaskService.createProxy(vertx);
    eventually(
        "it goes on", () -> get(service.list()).get(0).getCounts().getLong("SUCCESS", 0L) > 2);
    assertThat(get(service.list()).get(0).getSync()).isEqualTo("task lock, lock files");
  }

  @Test
  void aRequestWithoutAnAnswerIsAnError() {
    get(deploy(new TaskManagerVerticle(), config(every("a").put("address", "unbound"))));
    TaskService service = TaskService.createProxy(vertx);
    eventually("it fails", () -> "ERROR".equals(get(service.list()).get(0).getLastOutcome()));
    assertThat(get(service.list()).get(0).getLastError()).contains("unbound");
  }

  @Test
  void deploysOneShotVerticlesWhereTheLeaderIs() {
    JsonObject task =
        every("once")
            .put("verticle", OneShot.class.getName())
            .put("options", new JsonObject().put("config", new JsonObject().put("mine", 1)))
            .put("sync", new JsonObject().put("leader", "main"));
    JsonObject config =
        config(task)
            .put("elections", new JsonArray().add(new JsonObject().put("election", "main")))
            .put("taskManager", new JsonObject().put("address", "my-tasks"));
    String id = get(deploy(new ConclaveVerticle(), config));
    eventually("it ran three times", () -> ONE_SHOTS.size() >= 3);
    assertThat(ONE_SHOTS.get(0).getInteger("mine")).isEqualTo(1);
    assertThat(ONE_SHOTS.get(0).getJsonObject("task").getString("name")).isEqualTo("once");
    assertThat(ONE_SHOTS.get(0).getJsonObject("task").getLong("fencingToken")).isPositive();
    assertThat(get(TaskService.createProxy(vertx, "my-tasks").list()).get(0).getSync())
        .isEqualTo("leader of main");
    get(vertx.undeploy(id));
    assertThat(vertx.deploymentIDs()).isEmpty();
  }

  @Test
  void anUndeploymentWaitsForTheOneShotVerticleUnderWay() {
    Promise<Message<Object>> asked = Promise.promise();
    vertx.eventBus().consumer("long-shot", asked::tryComplete);
    List<String> outcomes = new CopyOnWriteArrayList<>();
    vertx
        .eventBus()
        .<JsonObject>consumer(
            "conclave.task.long",
            event -> {
              if (event.body().containsKey("outcome")) {
                outcomes.add(event.body().getString("outcome"));
              }
            });
    JsonObject task = every("long").put("verticle", LongShot.class.getName());
    String id = get(deploy(new ConclaveVerticle(), config(task)));
    Message<Object> question = get(asked.future());
    Future<Void> undeployed = vertx.undeploy(id);
    get(vertx.timer(100));
    assertThat(undeployed.isComplete()).isFalse();
    question.reply("yes");
    get(undeployed);
    eventually("the outcome is published", () -> !outcomes.isEmpty());
    assertThat(outcomes).containsExactly("SUCCESS");
    assertThat(vertx.deploymentIDs()).isEmpty();
  }

  @Test
  void badTasksAreRefusedBeforeAnythingIsDeployed() {
    assertRefused(every("a"), "tasks[0]", "one of address, verticle is missing");
    assertRefused(every("a").put("address", "x").put("cron", "* * * * *"), "cron and every");
    assertRefused(new JsonObject().put("name", "a").put("address", "x"), "one of cron, every");
    assertRefused(new JsonObject().put("every", 5).put("address", "x"), "tasks[0].name is missing");
    assertRefused(every("a").put("adress", "x"), "tasks[0].adress is not a known key");
    assertRefused(
        every("a").put("address", "x").put("sync", new JsonObject().put("leadr", "m")),
        "tasks[0].sync.leadr is not a known key");
    assertRefused(
        every("a").put("address", "x").put("sync", new JsonObject().put("leader", "m")),
        "sync.leader \"m\" is not an election of this configuration, which has none");
    assertRefused(every("a").put("address", "x").put("zone", "UTC"), "tasks[0]: task 'a'", "zone");
    assertRefused(every("a").put("address", "x").put("options", new JsonObject()), "options");
    assertRefused(
        new JsonObject().put("name", "a").put("cron", "x").put("address", "y"), "1 field");
    assertRefused(
        every("a")
            .put("address", "x")
            .put("sync", new JsonObject().put("lease", 5).put("minHold", 6)),
        "minHold PT0.006S must not be more than the lease PT0.005S");
  }

  @Test
  void runsTheRoutersItIsMadeWithAndWaitsForThemAtTheEnd() {
    Promise<Void> body = Promise.promise();
    Promise<Void> begun = Promise.promise();
    TaskRouter router = TaskRouter.create();
    router.every(
        Duration.ofHours(1),
        "a",
        () -> {
          begun.complete();
          return body.future();
        });
    TaskManagerVerticle verticle = new TaskManagerVerticle(router);
    String id = get(deploy(verticle, config()));
    get(begun.future());
    TaskManager manager = verticle.manager();
    assertThat(manager.state()).isEqualTo(TaskManager.State.RUNNING);
    Future<Void> undeployed = vertx.undeploy(id);
    eventually("it waits", () -> manager.state() == TaskManager.State.STOPPING);
    assertThat(undeployed.isComplete()).isFalse();
    body.complete();
    get(undeployed);
    assertThat(manager.state()).isEqualTo(TaskManager.State.STOPPED);
  }
}
