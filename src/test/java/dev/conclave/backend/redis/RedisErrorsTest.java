package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Ports;
import dev.conclave.testing.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a Redis that is alive refuses, and what becomes of leases then. */
class RedisErrorsTest extends RedisFixture {
  private RedisServer server;

  @BeforeEach
  void startServer() {
    server = closing(RedisServer.start());
  }

  /** A user as new ones are by default: without any channel. */
  private SyncBackend openWithoutChannels() {
    server.call("ACL", "SETUSER", "deaf", "on", ">pw", "~*", "resetchannels", "+@all");
    RedisBackend backend = open(config("redis://deaf:pw@127.0.0.1:" + server.port()));
    get(backend.ping());
    return backend;
  }

  @Test
  void aReleaseSucceedsThoughItsMessageIsRefused() {
    SyncBackend deaf = openWithoutChannels();
    SyncBackend subscribed = open(server);
    LeaseKey key = key();
    String holder = token();
    String waiter = token();
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest waiting = request(key, waiter).waiting(LONG, turns::incrementAndGet);
    acquire(deaf, key, holder);
    assertThat(get(subscribed.acquire(waiting)).granted()).isFalse();
    assertThat(get(deaf.release(key, holder))).isTrue();
    assertThat(get(deaf.find(key))).as("what was held is free").isEmpty();
    assertThat(get(deaf.acquire(request(key, token()))).granted())
        .as("it is offered to the first in line, who has kept the place")
        .isFalse();
    assertThat(get(subscribed.acquire(waiting)).granted()).isTrue();
  }

  @Test
  void whatIsWatchedIsGrantedRevokedAndLapsesThoughItsHintIsRefused() {
    SyncBackend deaf = openWithoutChannels();
    SyncBackend subscribed = open(server);
    LeaseKey key = key();
    AtomicInteger hints = new AtomicInteger();
    try (Watch watch = subscribed.watch(key, hints::incrementAndGet)) {
      eventually("it is marked", () -> hints.get() > 0);
      String token = token();
      acquire(deaf, key, token);
      assertThat(get(deaf.release(key, token))).isTrue();
      acquire(deaf, key, token());
      assertThat(get(deaf.revoke(key))).isTrue();
      assertThat(get(deaf.find(key))).isEmpty();
    }
  }

  @Test
  void placesOfCrashedWaitersBehindALivingFirstAreCollected() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    String holder = token();
    acquire(backend, key, holder);
    List<LeaseRequest> living = new ArrayList<>();
    living.add(waits(backend, key, LONG));
    Duration crashes = Duration.ofMillis(1);
    for (int crashed = 0; crashed < 1000; crashed++) {
      waits(backend, key, crashes);
    }
    assertThat(fields(key)).as("when they crash at once").isLessThan(60);

    // Now a sweep has to come round, however many have ever stood in line.
    Duration soon = Duration.ofMillis(200);
    for (int crashed = 0; crashed < 100; crashed++) {
      if (crashed % 20 == 10) {
        living.add(waits(backend, key, LONG));
      }
      waits(backend, key, soon);
    }
    pause(soon);
    for (int crashed = 0; crashed < 220; crashed++) {
      waits(backend, key, crashes);
    }
    assertThat(fields(key)).as("when they crash later").isLessThan(60);

    living.add(waits(backend, key, LONG));
    get(backend.release(key, holder));
    for (LeaseRequest next : living) {
      assertThat(get(backend.acquire(next)).granted()).as("in the order of their coming").isTrue();
      get(backend.release(key, next.token()));
    }
    assertThat(fields(key)).as("when no waiter is left").isEqualTo(1);
  }

  private LeaseRequest waits(SyncBackend backend, LeaseKey key, Duration patience) {
    LeaseRequest request = request(key, token()).waiting(patience, () -> {});
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    return request;
  }

  private long fields(LeaseKey key) {
    return (Long) server.call("HLEN", RedisRequest.record("conclave", key));
  }

  @Test
  void whatIsHeldIsKeptAndEndedByAServerWithoutMemory() {
    SyncBackend backend = open(server);
    LeaseKey key = key();
    LeaseKey contended = key();
    String token = token();
    String holder = token();
    LeaseRequest waiting = request(contended, token()).waiting(LONG, () -> {});
    acquire(backend, key, token);
    acquire(backend, contended, holder);
    get(backend.acquire(waiting));
    server.call("CONFIG", "SET", "maxmemory-policy", "noeviction");
    server.call("CONFIG", "SET", "maxmemory", "1");

    assertThat(failureOf(backend.acquire(request(key(), token()))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("OOM");
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    assertThat(get(backend.owns(key, token))).isTrue();
    assertThat(get(backend.release(key, token))).isTrue();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(get(backend.release(contended, holder))).isTrue();

    server.call("CONFIG", "SET", "maxmemory", "0");
    assertThat(get(backend.acquire(waiting)).granted()).isTrue();
  }

  private long connectionsMade() {
    String received = "total_connections_received:";
    return server
        .info("stats")
        .lines()
        .filter(line -> line.startsWith(received))
        .mapToLong(line -> Long.parseLong(line.substring(received.length()).trim()))
        .sum();
  }

  /** What is asked of a server that refuses to write leads to new connections until it is one. */
  private void assertIsLeftUntil(SyncBackend backend, Runnable isWell) {
    assertThat(failureOf(backend.ping())).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    // Each call below connects, too; so the backend has to connect more often than that.
    long before = connectionsMade();
    assertThat(failureOf(backend.acquire(request(key(), token()))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    int[] calls = new int[1];
    eventually("a new connection", () -> connectionsMade() - ++calls[0] > before);
    isWell.run();
    eventually("it can be written", () -> get(backend.ping().map(true).otherwise(false)));
    acquire(backend, key(), token());
  }

  @Test
  void aReplicaIsNotTheServerToWriteTo() {
    SyncBackend backend = open(server);
    server.call("REPLICAOF", "127.0.0.1", String.valueOf(Ports.free()));
    server.call("CONFIG", "SET", "replica-serve-stale-data", "yes");
    assertIsLeftUntil(backend, () -> server.call("REPLICAOF", "NO", "ONE"));
  }

  @Test
  void aReplicaThatHasLostItsMasterIsNot() {
    SyncBackend backend = open(server);
    server.call("CONFIG", "SET", "replica-serve-stale-data", "no");
    server.call("REPLICAOF", "127.0.0.1", String.valueOf(Ports.free()));
    assertIsLeftUntil(backend, () -> server.call("REPLICAOF", "NO", "ONE"));
  }

  @Test
  void aMasterThatWasCutOffIsNot() {
    SyncBackend backend = open(server);
    server.call("CONFIG", "SET", "min-replicas-to-write", "1");
    assertIsLeftUntil(backend, () -> server.call("CONFIG", "SET", "min-replicas-to-write", "0"));
  }

  @Test
  void aMarkThatIsGoneIsMadeAgainWithTheNextBeat() {
    assertIsMarkedAgain(Duration.ofMillis(200), () -> {});
  }

  @Test
  void aMarkThatIsGoneIsMadeAgainWithTheNextConnection() {
    assertIsMarkedAgain(Duration.ofHours(1), () -> server.call("CLIENT", "KILL", "TYPE", "pubsub"));
  }

  private void assertIsMarkedAgain(Duration beat, Runnable cause) {
    RedisBackend backend = new RedisBackend(vertx, RedisConfig.of(config(server.uri())), beat);
    LeaseKey key = key();
    String record = RedisRequest.record("conclave", key);
    try (Watch watch = backend.watch(key, () -> {})) {
      eventually("a mark", () -> server.call("HGET", record, "watched") != null);
      server.call("FLUSHALL");
      cause.run();
      eventually("the mark again", () -> server.call("HGET", record, "watched") != null);
    } finally {
      get(backend.close());
    }
  }

  @Test
  void connectionsThatANatHasForgottenAreReplacedBeforeTheyAreNeeded() {
    try (FaultProxy nat = new FaultProxy("127.0.0.1", server.port())) {
      RedisConfig config =
          RedisConfig.of(config("redis://127.0.0.1:" + nat.port()).put("timeout", 3_000));
      RedisBackend backend = new RedisBackend(vertx, config, Duration.ofMillis(300));
      try {
        acquire(backend, key(), token());
        eventually("two connections", () -> nat.connections() == 2);
        nat.halfOpen();
        eventually("both are replaced", () -> nat.connections() == 2 && nat.alive() == 2);
        acquire(backend, key(), token());
      } finally {
        get(backend.close());
      }
    }
  }
}
