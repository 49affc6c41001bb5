package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.CapturedLog;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Closing Vert.x while a leader is at work is an ordinary end: it finds nothing that another caller
 * undeploys. A verticle that is just being deployed may be stopped twice, by Vert.x itself.
 */
class CleanCloseTest {
  private static final int ROUNDS = 200;

  /** The whole, its locks, election and backend; and of each leader-only one, it and its parent. */
  private static final int VERTICLES = 4 + 3 * 2;

  private static final Set<Work> RUNNING = ConcurrentHashMap.newKeySet();

  /** Work of a leader, which takes a moment to stop. */
  public static final class Work extends VerticleBase {
    @Override
    public Future<?> start() {
      RUNNING.add(this);
      return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
      RUNNING.remove(this);
      return vertx.timer(1);
    }
  }

  private static String name(Class<?> type) {
    return "java:" + type.getName();
  }

  private static JsonObject config() {
    JsonArray work = new JsonArray();
    for (int i = 0; i < 3; i++) {
      work.add(new JsonObject().put("verticle", name(Work.class)));
    }
    return new JsonObject()
        .put("backend", new JsonObject().put("type", "memory"))
        .put("locks", new JsonObject())
        .put(
            "elections",
            new JsonArray().add(new JsonObject().put("election", "one").put("deploy", work)));
  }

  @Test
  void whileThereIsALeader() {
    try (CapturedLog log = CapturedLog.ofErrors()) {
      for (int i = 0; i < ROUNDS; i++) {
        AtomicInteger events = new AtomicInteger();
        Vertx vertx = Vertx.vertx();
        vertx
            .eventBus()
            .localConsumer("conclave.leadership.one", message -> events.incrementAndGet());
        get(
            vertx.deployVerticle(
                new ConclaveVerticle(), new DeploymentOptions().setConfig(config())));
        eventually(
            "it works",
            () ->
                RUNNING.size() == 3
                    && events.get() > 0
                    && vertx.deploymentIDs().size() == VERTICLES);
        get(vertx.close());
        assertThat(RUNNING).as("verticles of the leader").isEmpty();
      }
      assertThat(log.text()).doesNotContain("Undeploy failed");
    }
  }
}
