package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.conclave.testing.PostgresServer;
import dev.conclave.testing.RedisServer;
import dev.conclave.testing.WallClock;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Real servers whose clock is set back a day while they run. */
@ExtendWith(VertxExtension.class)
class ClockSetBackTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final long DAY = 86_400;

  @TempDir private Path folder;

  private WallClock clock() {
    if (!WallClock.canShift()) {
      throw notTried("no C compiler was found");
    }
    return new WallClock(folder.resolve("clock"), 0);
  }

  private static RuntimeException notTried(String why) {
    String message = "not tried: a store's clock that is set back, for " + why;
    System.out.println(message);
    return abort(message);
  }

  @Test
  void redis(Vertx vertx) {
    WallClock clock = clock();
    try (RedisServer server =
        RedisServer.startWithClock(clock)
            .orElseThrow(() -> notTried("no dynamically linked redis-server was found"))) {
      JsonObject config =
          new JsonObject()
              .put("type", "redis")
              .put("options", new JsonObject().put("connectionString", server.uri()));
      check(
          Backends.create(vertx, config),
          clock,
          () -> Long.parseLong(((List<?>) server.call("TIME")).get(0).toString()));
    }
  }

  @Test
  void postgres(Vertx vertx) {
    WallClock clock = clock();
    try (PostgresServer server = PostgresServer.startWithClock(clock)) {
      JsonObject config = new JsonObject().put("type", "postgres").put("uri", server.uri());
      check(
          Backends.create(vertx, config),
          clock,
          () ->
              Long.parseLong(
                  server.one("postgres", "SELECT extract(epoch FROM clock_timestamp())::bigint")));
    }
  }

  private static void check(SyncBackend backend, WallClock clock, LongSupplier time) {
    LeaseKey free = LeaseKey.lock("free");
    LeaseKey held = LeaseKey.lock("held");
    long last = grantAndRelease(backend, free);
    String holder = token();
    long holding = acquire(backend, held, holder, LONG);

    long before = time.getAsLong();
    clock.shift(-DAY);
    eventually("the server's own time moves", () -> time.getAsLong() < before - DAY / 2);

    for (int i = 0; i < 5; i++) {
      long fence = grantAndRelease(backend, free);
      assertThat(fence).as("fencing token").isGreaterThan(last);
      last = fence;
    }
    assertThat(get(backend.acquire(LeaseRequest.of(held, token(), LONG, "owner"))).granted())
        .as("what is held")
        .isFalse();
    assertThat(get(backend.find(held)).orElseThrow().age()).isGreaterThanOrEqualTo(Duration.ZERO);
    assertThat(get(backend.extend(held, holder, LONG))).isTrue();
    assertThat(get(backend.release(held, holder))).isTrue();
    assertThat(acquire(backend, held, token(), Duration.ofMillis(300))).isGreaterThan(holding);
    eventually(
        "a lease of the new time ends",
        () -> get(backend.acquire(LeaseRequest.of(held, token(), LONG, "owner"))).granted());
    get(backend.close());
  }

  private static String token() {
    return UUID.randomUUID().toString();
  }

  private static long grantAndRelease(SyncBackend backend, LeaseKey key) {
    String token = token();
    long fence = acquire(backend, key, token, LONG);
    assertThat(get(backend.release(key, token))).isTrue();
    return fence;
  }

  private static long acquire(SyncBackend backend, LeaseKey key, String token, Duration lease) {
    Acquisition answer = get(backend.acquire(LeaseRequest.of(key, token, lease, "owner")));
    assertThat(answer).isInstanceOf(Acquisition.Granted.class);
    return ((Acquisition.Granted) answer).fencingToken();
  }
}
