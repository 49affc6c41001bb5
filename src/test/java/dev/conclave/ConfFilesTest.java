package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.LaunchedProcess;
import dev.conclave.testing.PostgresServer;
import dev.conclave.testing.RedisCluster;
import dev.conclave.testing.RedisSentinel;
import dev.conclave.testing.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every file in {@code conf/} starts as it is, under the launcher, and ends on SIGTERM. */
class ConfFilesTest {
  private static final Path CONF = Path.of("conf");

  private static void assertStarts(String file, Map<String, String> environment) {
    try (LaunchedProcess process = LaunchedProcess.conclave(CONF.resolve(file), environment)) {
      process.await("Succeeded in deploying verticle");
      process.await("election 'demo'");
      process.await("elected");
      process.terminate();
      // What it logs then is lost with java.util.logging, which ends at the same signal.
      assertThat(process.awaitExit()).isEqualTo(143);
      assertThat(process.output()).doesNotContain("Exception");
    }
  }

  @Test
  void memory() {
    assertStarts("memory.json", Map.of());
  }

  @Test
  void tasks() {
    assertStarts("tasks.json", Map.of());
  }

  @Test
  void redis() {
    try (RedisServer server = RedisServer.start()) {
      assertStarts("redis.json", Map.of("REDIS_URL", server.uri()));
    }
  }

  @Test
  void redisSentinel() {
    try (RedisSentinel sentinel = new RedisSentinel()) {
      Map<String, String> environment = new HashMap<>();
      environment.put("REDIS_MASTER", RedisSentinel.MASTER);
      for (int i = 1; i <= 3; i++) {
        environment.put("REDIS_SENTINEL_" + i, sentinel.uri());
      }
      assertStarts("redis-sentinel.json", environment);
    }
  }

  @Test
  void redisCluster() {
    try (RedisCluster cluster = new RedisCluster()) {
      List<RedisServer> nodes = cluster.nodes();
      Map<String, String> environment = new HashMap<>();
      for (int i = 0; i < 3; i++) {
        environment.put("REDIS_NODE_" + (i + 1), nodes.get(i).uri());
      }
      assertStarts("redis-cluster.json", environment);
    }
  }

  @Test
  void postgres() {
    PostgresServer server = PostgresServer.shared();
    assertStarts("postgres.json", Map.of("POSTGRES_URL", server.uri(server.freshDatabase())));
  }

  @Test
  void everyFileHasItsTest() throws IOException {
    Set<String> tested =
        Set.of(
            "memory.json",
            "tasks.json",
            "redis.json",
            "redis-sentinel.json",
            "redis-cluster.json",
            "postgres.json",
            "postgres-schema.sql",
            "kubernetes.json", // by KubernetesAccessTest, which has an API server
            "kubernetes-rbac.yaml");
    try (Stream<Path> files = Files.list(CONF)) {
      Set<String> found = new TreeSet<>();
      files.forEach(file -> found.add(file.getFileName().toString()));
      assertThat(tested).containsAll(found);
    }
  }

  @Test
  void aMissingFileIsRefusedAndNotStartedWithDefaults(@TempDir Path folder) {
    try (LaunchedProcess process =
        LaunchedProcess.conclave(folder.resolve("missing.json"), Map.of())) {
      assertThat(process.awaitExit()).isNotZero();
      assertThat(process.output()).contains("backend is missing");
    }
  }

  @Test
  void aBrokenFileIsRefused(@TempDir Path folder) throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.json"), "{\"backend\": ");
    try (LaunchedProcess process = LaunchedProcess.conclave(broken, Map.of())) {
      assertThat(process.awaitExit()).isNotZero();
      assertThat(process.output()).contains("backend is missing");
    }
  }
}
