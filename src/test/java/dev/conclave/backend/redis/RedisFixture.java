package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.Planted;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** The backends and servers of one test, closed after it. */
@ExtendWith(VertxExtension.class)
abstract class RedisFixture {
  static final Duration LONG = Duration.ofSeconds(60);

  private final List<SyncBackend> backends = new ArrayList<>();
  private final List<AutoCloseable> servers = new ArrayList<>();
  Vertx vertx;

  @BeforeEach
  void openVertx(Vertx vertx) {
    this.vertx = vertx;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (SyncBackend backend : backends) {
      get(backend.close());
    }
    for (AutoCloseable server : servers) {
      server.close();
    }
  }

  final <T extends AutoCloseable> T closing(T server) {
    servers.add(server);
    return server;
  }

  /** Moves all times of a record, the fencing token among them. */
  static void moveIntoTheFuture(RedisServer server, LeaseKey key, Duration by) {
    String record = RedisRequest.record("conclave", key);
    String lease = (String) server.call("HGET", record, "lease");
    StringBuilder moved = new StringBuilder();
    for (String time : lease.substring(0, 67).split(" ")) {
      moved.append(Long.parseLong(time) + by.toMillis() * 1000).append(' ');
    }
    server.call("HSET", record, "lease", moved + lease.substring(68));
  }

  static JsonObject config(String uri) {
    return new JsonObject()
        .put("type", "redis")
        .put("options", new JsonObject().put("connectionString", uri));
  }

  /** A backend that need not be reachable. */
  final RedisBackend open(JsonObject config) {
    RedisBackend backend = (RedisBackend) new RedisBackendFactory().create(vertx, config);
    backends.add(backend);
    return backend;
  }

  /** A backend that is connected. */
  final RedisBackend open(RedisServer server) {
    RedisBackend backend = open(config(server.uri()));
    get(backend.ping());
    return backend;
  }

  static LeaseKey key() {
    return LeaseKey.lock("redis-" + UUID.randomUUID());
  }

  static String token() {
    return Planted.secret();
  }

  static LeaseRequest request(LeaseKey key, String token) {
    return LeaseRequest.of(key, token, LONG, "owner");
  }

  static long acquire(SyncBackend backend, LeaseKey key, String token) {
    Acquisition answer = get(backend.acquire(request(key, token)));
    assertThat(answer).isInstanceOf(Acquisition.Granted.class);
    return ((Acquisition.Granted) answer).fencingToken();
  }
}
