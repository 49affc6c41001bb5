package dev.conclave.lock;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.Footprint;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.testing.LaunchedProcess;
import dev.conclave.testing.LoopbackCluster;
import dev.conclave.testing.Ports;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two JVMs on one clustered event bus: the service here, its callers there. */
class LockServiceClusteredTest {
  private static final int PORT = Ports.free();

  private static Vertx vertx;
  private static MemoryBackend memory;
  private static LocalLockManager sound;
  private static LockManager broken;

  @BeforeAll
  static void open() {
    vertx = LoopbackCluster.join(PORT, PORT);
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    memory = new MemoryBackend(scheduler);
    LockServiceOptions options = new LockServiceOptions().setMaxWaiters(1).setMaxWait(30_000);
    sound = (LocalLockManager) LockManager.create(vertx, memory, options);
    broken =
        LockManager.create(
            vertx, new FaultyBackend(memory, scheduler).onAll(FaultyBackend.fail()), options);
    bind("sound", sound);
    bind("broken", broken);
    get(sound.acquire(Provocations.request("held", "holder", 0).setLeaseDuration(600_000)));
  }

  @AfterAll
  static void close() {
    get(vertx.close());
  }

  private static void bind(String address, LockService service) {
    get(LockService.bind(vertx, address, service).completion());
  }

  private static LaunchedProcess client(String task) {
    return LaunchedProcess.java(
        Map.of(), ClusterClient.class.getName(), String.valueOf(PORT), task);
  }

  @Test
  void everyFailureIsTheSameInAnotherJvm() {
    JsonArray here = get(Provocations.run(sound, broken));
    try (LaunchedProcess client = client("provoke")) {
      JsonArray there = new JsonArray(client.await("seen ").text().substring("seen ".length()));
      assertThat(there.encodePrettily()).isEqualTo(here.encodePrettily());
    }
  }

  @Test
  void everyCallWorksFromAnotherJvm() {
    try (LaunchedProcess client = client("use")) {
      assertThat(client.await("verdict ").text()).isEqualTo("verdict true");
    }
  }

  @Test
  void aJvmThatIsKilledWhileItWaitsLeavesNothing() {
    int before = Footprint.of(memory);
    try (LaunchedProcess client = client("wait")) {
      client.await("waiting");
      eventually("it waits here", () -> sound.waiting() == 1);
      client.kill();
      eventually("its wait is over", () -> sound.waiting() == 0 && sound.queues() == 0);
    }
    assertThat(Footprint.of(memory)).isEqualTo(before);
    assertThat(get(sound.find("held")).getOwner()).isEqualTo("o");
    assertThat(get(sound.owned("held", "from afar"))).isFalse();
    assertThat(get(sound.owned("held", "holder"))).isTrue();
  }
}
