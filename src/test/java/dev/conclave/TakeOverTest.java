package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.LaunchedProcess;
import dev.conclave.testing.PostgresServer;
import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes, one leadership: hand-over on SIGTERM, take-over after SIGKILL, no split brain. */
class TakeOverTest {
  private static final Duration LEASE = Duration.ofSeconds(3);

  /** What a busy machine may add; what was measured is printed. */
  private static final Duration NOISE = Duration.ofSeconds(3);

  @TempDir private Path folder;

  private LaunchedProcess worker(String name, JsonObject backend) throws IOException {
    JsonObject election =
        new JsonObject()
            .put("election", "take-over")
            .put("worker", name)
            .put("leaseDuration", LEASE.toMillis())
            .put("renewDeadline", 2_000)
            .put("retryInterval", 500)
            .put("backendTimeout", 1_000);
    JsonObject config =
        new JsonObject().put("backend", backend).put("elections", new JsonArray().add(election));
    Path file = Files.writeString(folder.resolve(name + ".json"), config.encodePrettily());
    LaunchedProcess process = LaunchedProcess.conclave(file, Map.of());
    process.await("Succeeded in deploying verticle");
    return process;
  }

  private void takeOver(String store, JsonObject backend) throws IOException {
    try (LaunchedProcess first = worker("first", backend)) {
      first.await("'first': elected");
      try (LaunchedProcess second = worker("second", backend)) {
        second.await("'first' leads");
        long terminated = System.nanoTime();
        first.terminate();
        Duration graceful = since(terminated, second.await("'second': elected", terminated));
        first.awaitExit();

        try (LaunchedProcess third = worker("third", backend)) {
          third.await("'second' leads");
          long killed = System.nanoTime();
          second.kill();
          Duration crash = since(killed, third.await("'third': elected", killed));
          System.out.printf(
              "Take-over on %s: %d ms after SIGTERM, %d ms after SIGKILL with a lease of %d ms%n",
              store, graceful.toMillis(), crash.toMillis(), LEASE.toMillis());
          assertThat(graceful).isLessThan(LEASE);
          assertThat(crash).isLessThan(LEASE.plus(NOISE));
        }
      }
    }
  }

  private static Duration since(long start, LaunchedProcess.Output line) {
    return Duration.ofNanos(line.at() - start);
  }

  @Test
  void onRedis() throws IOException {
    try (RedisServer server = RedisServer.start()) {
      takeOver(
          "Redis",
          new JsonObject()
              .put("type", "redis")
              .put("options", new JsonObject().put("connectionString", server.uri())));
    }
  }

  @Test
  void onPostgres() throws IOException {
    PostgresServer server = PostgresServer.shared();
    takeOver(
        "PostgreSQL",
        new JsonObject().put("type", "postgres").put("uri", server.uri(server.freshDatabase())));
  }

  @Test
  void aPausedLeaderFindsThatItLeadsNoMore() throws IOException {
    try (RedisServer server = RedisServer.start()) {
      JsonObject backend =
          new JsonObject()
              .put("type", "redis")
              .put("options", new JsonObject().put("connectionString", server.uri()));
      try (LaunchedProcess paused = worker("paused", backend)) {
        paused.await("'paused': elected");
        try (LaunchedProcess other = worker("other", backend)) {
          other.await("'paused' leads");
          long stopped = System.nanoTime();
          paused.signal("STOP");
          other.await("'other': elected", stopped);
          paused.signal("CONT");
          // Lost or past its deadline, whichever it notices first; and exactly one end.
          paused.await("fencing token", stopped);
          paused.await("'other' leads", stopped);
          assertThat(paused.output().split("renewal-failed|: lost", -1)).hasSize(2);
        }
      }
    }
  }
}
