package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.NetClientCount;
import dev.conclave.testing.Planted;
import dev.conclave.testing.Ports;
import dev.conclave.testing.RedisServer;
import dev.conclave.testing.Signals;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a server that forgets, restarts, hangs or is gone does to leases. */
class RedisOutageTest extends RedisFixture {
  private RedisServer server;

  @BeforeEach
  void startServer() {
    server = closing(RedisServer.start());
  }

  @Test
  void aFlushedScriptIsSentAgain() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    server.call("SCRIPT", "FLUSH");
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    server.call("SCRIPT", "FLUSH");
    List<Future<Acquisition>> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(backend.acquire(request(key(), token())));
    }
    assertThat(many).allMatch(answer -> get(answer).granted());
    assertThat(get(backend.release(key, token))).isTrue();
    assertThat(acquire(backend, key, token())).isGreaterThan(fence);
  }

  @Test
  void aFlushedStoreLosesLeasesButNotTheOrderOfFencingTokens() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    server.call("FLUSHALL");
    assertThat(get(backend.extend(key, token, LONG))).isFalse();
    assertThat(get(backend.owns(key, token))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(acquire(backend, key, token())).isGreaterThan(fence);
  }

  @Test
  void vertxDoesNotKeepAClientForEveryConnectionThatWasLost() {
    NetClientCount clients = new NetClientCount();
    SyncBackend backend = new RedisBackendFactory().create(clients.vertx(), config(server.uri()));
    try {
      get(backend.ping());
      int atFirst = clients.made();
      assertThat(atFirst).isPositive();
      for (int i = 0; i < 5; i++) {
        // A request under way fails before the connection's own handlers run.
        server.call("CLIENT", "PAUSE", "60000", "WRITE");
        Future<Acquisition> underWay = backend.acquire(request(key(), token()));
        eventually(
            "it is under way", () -> server.call("CLIENT", "LIST").toString().contains("flags=b"));
        killClients();
        server.call("CLIENT", "UNPAUSE");
        failureOf(underWay);
        eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
        acquire(backend, key(), token());
      }
      server.restart();
      eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
      assertThat(clients.made()).isEqualTo(atFirst);
    } finally {
      get(backend.close().eventually(clients.vertx()::close));
    }
  }

  @Test
  void fencingTokensGrowOverARestartWithoutPersistence() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    server.restart();
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    assertThat(get(backend.extend(key, token, LONG))).isFalse();
    assertThat(acquire(backend, key, token())).isGreaterThan(fence);
  }

  @Test
  void leasesOutliveARestartWithPersistence() {
    RedisServer lasting =
        closing(RedisServer.start("--appendonly", "yes", "--appendfsync", "always"));
    SyncBackend backend = open(lasting);
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    lasting.restart();
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    assertThat(get(backend.owns(key, token))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().fencingToken()).isEqualTo(fence);
  }

  @Test
  void killedConnectionsComeBackAndWaitersAreWoken() {
    SyncBackend backend = open(server);
    SyncBackend other = open(server);
    LeaseKey key = key();
    String holder = token();
    String waiter = token();
    acquire(other, key, holder);
    AtomicInteger turns = new AtomicInteger();
    AtomicInteger hints = new AtomicInteger();
    var request = request(key, waiter).waiting(LONG, turns::incrementAndGet);
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    backend.watch(key, hints::incrementAndGet);
    eventually("the watch begins", () -> hints.get() > 0);
    int seen = hints.get();
    killClients();
    eventually("all are notified", () -> turns.get() > 0 && hints.get() > seen);
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    eventually("it works again", () -> get(other.ping().map(true).otherwise(false)));
    int before = turns.get();
    int hintsBefore = hints.get();
    assertThat(get(other.release(key, holder))).isTrue();
    eventually("the turn", () -> turns.get() > before);
    eventually("the hint", () -> hints.get() > hintsBefore);
    assertThat(get(backend.acquire(request)).granted()).isTrue();
  }

  private void killClients() {
    server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    server.call("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes");
  }

  @Test
  void requestsWaitForTheServerToComeBackWithinTheirTimeout() {
    SyncBackend backend = open(config(server.uri()).put("timeout", 20_000));
    get(backend.ping());
    server.stop();
    eventually("the outage is noticed", () -> get(backend.ping().map(false).otherwise(true)));
    Future<Acquisition> early = backend.acquire(request(key(), token()));
    server.restart();
    assertThat(get(early).granted()).isTrue();
  }

  @Test
  void duringAnOutageEveryRequestEndsWithinItsTimeout() {
    SyncBackend backend = open(config(server.uri()).put("timeout", 300));
    eventually("it works", () -> get(backend.ping().map(true).otherwise(false)));
    server.stop();
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(backend.acquire(request(key(), token())));
      calls.add(backend.extend(key(), token(), LONG));
    }
    calls.add(backend.ping());
    for (Future<?> call : calls) {
      assertThat(failureOf(call))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContaining("127.0.0.1:" + server.port());
    }
    server.restart();
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    acquire(backend, key(), token());
  }

  @Test
  void aServerThatHangsIsLeftAndFoundAgain() {
    SyncBackend backend = open(config(server.uri()).put("timeout", 300));
    eventually("it works", () -> get(backend.ping().map(true).otherwise(false)));
    signal("STOP");
    assertThat(failureOf(backend.acquire(request(key(), token()))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("127.0.0.1:" + server.port());
    assertThat(failureOf(backend.ping())).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    signal("CONT");
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    acquire(backend, key(), token());
  }

  @Test
  void whatWasGivenUpIsNotCarriedOutWhenTheServerHangsNoMore() {
    SyncBackend backend = open(config(server.uri()).put("timeout", 500));
    SyncBackend operator = open(config(server.uri()).put("timeout", 500));
    eventually("it works", () -> get(backend.ping().map(true).otherwise(false)));
    eventually("it works", () -> get(operator.ping().map(true).otherwise(false)));
    LeaseKey key = key();
    LeaseKey kept = key();
    LeaseKey other = key();
    String token = token();
    acquire(backend, kept, token);
    acquire(backend, other, token);
    assertThat(get(backend.advance(key.name(), 2))).isTrue();
    signal("STOP");
    Future<Acquisition> acquire = backend.acquire(request(key, token()));
    Future<Boolean> extend = backend.extend(kept, token, LONG.multipliedBy(2));
    Future<Boolean> revoke = operator.revoke(other);
    Future<Boolean> retreat = operator.retreat(key.name(), 1);
    assertThat(failureOf(acquire)).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(failureOf(extend)).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(failureOf(revoke)).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(failureOf(retreat)).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    pause(Duration.ofSeconds(2)); // the deadline is past by the server's clock, too
    signal("CONT");
    eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
    assertThat(get(backend.find(key))).as("what no caller waits for").isEmpty();
    assertThat(get(backend.find(kept)).orElseThrow().remaining()).isLessThan(LONG);
    assertThat(get(backend.owns(other, token))).isTrue();
    assertThat(get(backend.retreat(key.name(), 1))).as("it is still 2").isTrue();
    acquire(backend, key, token());
  }

  private void signal(String name) {
    assertThat(Signals.send(name, server.pid())).isZero();
  }

  @Test
  void aServerThatIsNotThereIsNamedAtOnce() {
    int unused = Ports.free();
    SyncBackend backend = open(config("redis://:" + Planted.MARKER + "@127.0.0.1:" + unused));
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("127.0.0.1:" + unused)
        .hasMessageNotContaining(Planted.MARKER);
  }

  @Test
  void aServerThatAcceptsButNeverAnswersIsNamedWithinTheTimeout() throws IOException {
    try (var silent = new java.net.ServerSocket(0)) {
      SyncBackend backend =
          open(config("redis://127.0.0.1:" + silent.getLocalPort()).put("timeout", 300));
      assertThat(failureOf(backend.ping()))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContaining("127.0.0.1:" + silent.getLocalPort());
    }
  }

  @Test
  void aRecordOfAnotherTypeFailsItsOwnRequestAlone() {
    RedisBackend backend = open(server);
    LeaseKey odd = key();
    server.call("SET", RedisRequest.record("conclave", odd), "something else");
    server.call("LPUSH", "conclave:{register:odd}", "something else");
    List<Future<Acquisition>> neighbours = new ArrayList<>();
    neighbours.add(backend.acquire(request(key(), token()))); // goes out alone
    neighbours.add(backend.acquire(request(key(), token())));
    Future<Acquisition> wrong = backend.acquire(request(odd, Planted.MARKER));
    neighbours.add(backend.acquire(request(key(), token())));
    Future<Boolean> wrongRegister = backend.advance("odd", 1);
    neighbours.add(backend.acquire(request(key(), token())));
    assertThat(failureOf(wrong))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll(odd.name(), "WRONGTYPE", "127.0.0.1:" + server.port())
        .hasMessageNotContaining(Planted.MARKER);
    assertThat(failureOf(wrongRegister))
        .hasMessageContainingAll("advance of conclave:{register:odd}", "WRONGTYPE");
    assertThat(neighbours).allMatch(answer -> get(answer).granted());
    assertThat(get(backend.list(odd.kind(), odd.name(), null, 10)).leases()).isEmpty();
  }
}
