package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the backend asks of the server, and what it leaves behind. */
class RedisCostTest extends RedisFixture {
  private RedisServer server;

  @BeforeEach
  void startServer() {
    server = closing(RedisServer.start());
  }

  @Test
  void aBackendHasTwoConnectionsHoweverMuchItDoes() {
    SyncBackend backend = open(server);
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      LeaseKey key = key();
      calls.add(backend.acquire(request(key, token())));
      calls.add(backend.acquire(request(key, token()).waiting(LONG, () -> {})));
      backend.watch(key, () -> {});
    }
    calls.forEach(call -> get(call));
    String clients = (String) server.call("CLIENT", "LIST", "TYPE", "normal");
    String subscribers = (String) server.call("CLIENT", "LIST", "TYPE", "pubsub");
    assertThat(clients.strip().split("\n")).hasSize(2); // one of them asks this very question
    assertThat(subscribers.strip().split("\n")).hasSize(1);
  }

  @Test
  void closingLeavesNoConnection() {
    SyncBackend backend = open(server);
    acquire(backend, key(), token());
    get(backend.close());
    eventually(
        "the server sees them go",
        () ->
            ((String) server.call("CLIENT", "LIST")).strip().split("\n").length == 1
                && ((String) server.call("CLIENT", "LIST", "TYPE", "pubsub")).isBlank());
  }

  @Test
  void idleKeysLeaveNothingBehind() {
    SyncBackend backend = open(config(server.uri()).put("idleRetention", 200));
    List<Future<Boolean>> cycles = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      LeaseKey key = key();
      String token = token();
      cycles.add(
          backend.acquire(request(key, token)).compose(granted -> backend.release(key, token)));
    }
    assertThat(cycles).allMatch(cycle -> get(cycle));
    eventually("the keys vanish", () -> server.call("DBSIZE").equals(0L));
  }

  @Test
  void aHeldLeaseIsKeptWhateverTheIdleRetention() {
    SyncBackend backend = open(config(server.uri()).put("idleRetention", 1));
    LeaseKey key = key();
    String token = token();
    acquire(backend, key, token);
    pause(Duration.ofMillis(100));
    assertThat(get(backend.owns(key, token))).isTrue();
  }

  @Test
  void theExpiryOfAKeyIsSetWhenItHasToBeAndNotWithEveryChange() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    for (int i = 0; i < 20; i++) {
      String token = token();
      acquire(backend, key, token);
      assertThat(get(backend.extend(key, token, LONG))).isTrue();
      get(backend.release(key, token));
    }
    assertThat(server.calls("pexpireat")).isEqualTo(1);
    String token = token();
    acquire(backend, key, token);
    assertThat(get(backend.extend(key, token, Duration.ofDays(10)))).isTrue();
    assertThat(server.call("PTTL", RedisRequest.record("conclave", key)))
        .asInstanceOf(InstanceOfAssertFactories.LONG)
        .isGreaterThan(Duration.ofDays(10).toMillis());
    get(backend.release(key, token));
    assertThat(server.call("PTTL", RedisRequest.record("conclave", key)))
        .asInstanceOf(InstanceOfAssertFactories.LONG)
        .isBetween(Duration.ofDays(1).toMillis(), Duration.ofDays(3).toMillis());
  }

  @Test
  void nothingIsPublishedWithoutWaitersAndWatches() {
    SyncBackend backend = open(server);
    server.call("CONFIG", "RESETSTAT");
    for (int i = 0; i < 20; i++) {
      LeaseKey key = key();
      String token = token();
      acquire(backend, key, token);
      get(backend.release(key, token));
      acquire(backend, key, token());
      get(backend.revoke(key));
    }
    assertThat(server.calls("publish")).isZero();
    LeaseKey key = key();
    String token = token();
    acquire(backend, key, token);
    get(backend.acquire(request(key, token()).waiting(LONG, () -> {})));
    get(backend.release(key, token));
    assertThat(server.calls("publish")).isEqualTo(1);
  }

  @Test
  void aHandOverCostsThreeScriptsAtMost() {
    SyncBackend backend = open(server);
    SyncBackend other = open(server);
    LeaseKey key = key();
    String holder = token();
    acquire(backend, key, holder);
    server.call("CONFIG", "RESETSTAT");
    int handOvers = 10;
    for (int i = 0; i < handOvers; i++) {
      SyncBackend holding = i % 2 == 0 ? backend : other;
      SyncBackend waiting = i % 2 == 0 ? other : backend;
      String waiter = token();
      AtomicInteger turns = new AtomicInteger();
      var waits = request(key, waiter).waiting(LONG, turns::incrementAndGet);
      assertThat(get(waiting.acquire(waits)).granted()).isFalse();
      assertThat(get(holding.release(key, holder))).isTrue();
      eventually("the turn", () -> turns.get() > 0);
      assertThat(get(waiting.acquire(waits)).granted()).isTrue();
      holder = waiter;
    }
    assertThat(server.calls("evalsha")).isLessThanOrEqualTo(3 * handOvers);
    assertThat(server.calls("publish")).isEqualTo(handOvers);
  }

  @Test
  void requestsThatMeetShareAScript() {
    SyncBackend backend = open(server);
    acquire(backend, key(), token());
    server.call("CONFIG", "RESETSTAT");
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      calls.add(backend.acquire(request(key(), token())));
    }
    calls.forEach(call -> get(call));
    assertThat(server.calls("evalsha")).isLessThan(50);
  }

  @Test
  void aDeadWaitersPositionIsSkipped() {
    SyncBackend backend = open(server);
    SyncBackend dying = open(server);
    LeaseKey key = key();
    String holder = token();
    acquire(backend, key, holder);
    get(dying.acquire(request(key, token()).waiting(LONG, () -> {})));
    AtomicInteger turns = new AtomicInteger();
    var live = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(backend.acquire(live));
    get(dying.close());
    eventually(
        "the server sees it go",
        () ->
            ((String) server.call("CLIENT", "LIST", "TYPE", "pubsub")).strip().lines().count()
                == 1);
    get(backend.release(key, holder));
    assertThat(get(backend.acquire(live)).granted()).isTrue();
  }

  @Test
  void waitersLeaveNothingBehind() {
    RedisBackend backend = open(server);
    LeaseKey key = key();
    String holder = token();
    acquire(backend, key, holder);
    String quitter = token();
    get(backend.acquire(request(key, quitter).waiting(LONG, () -> {})));
    get(backend.acquire(request(key, token()).waiting(Duration.ofMillis(50), () -> {})));
    AtomicInteger turns = new AtomicInteger();
    var winner = request(key, token()).waiting(LONG, turns::incrementAndGet);
    get(backend.acquire(winner));
    get(backend.acquire(winner));
    assertThat(backend.footprint()).isPositive();
    get(backend.release(key, quitter));
    get(backend.release(key, holder));
    eventually("the turn", () -> turns.get() > 0);
    eventually("the grant", () -> get(backend.acquire(winner)).granted());
    eventually("nothing is remembered", () -> backend.footprint() == 0);
    get(backend.release(key, winner.token()));
    assertThat((List<?>) server.call("HKEYS", RedisRequest.record("conclave", key)))
        .noneMatch(field -> field.toString().contains(":"));
  }
}
