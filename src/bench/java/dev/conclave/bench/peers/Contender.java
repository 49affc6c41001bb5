package dev.conclave.bench.peers;

import io.vertx.core.Future;
import java.util.Arrays;
import java.util.concurrent.Callable;

/** Who takes part, where, and in what. */
public enum Contender {
  CONCLAVE_REDIS("Conclave", Server.REDIS, p -> ConclaveLocks.local(p, ConclaveLocks.redis(p))),
  CONCLAVE_REDIS_PROXY(
      "Conclave, event-bus proxy",
      Server.REDIS,
      p -> ConclaveLocks.proxy(p, ConclaveLocks.redis(p))),
  ELECTION_REDIS(
      "Conclave, elections", Server.REDIS, p -> ElectionLocks.open(p, ConclaveLocks.redis(p))),
  BARE_REDIS_SET("bare client, SET + EVALSHA", Server.REDIS, BareRedis::set),
  BARE_REDIS_SCRIPTS("bare client, two EVALSHA", Server.REDIS, BareRedis::scripts),
  REDISSON("Redisson RLock", Server.REDIS, p -> made(p, () -> new RedissonLocks(p, false))),
  REDISSON_FAIR("Redisson RFairLock", Server.REDIS, p -> made(p, () -> new RedissonLocks(p, true))),
  SPRING_REDIS("Spring Integration Redis", Server.REDIS, p -> made(p, () -> SpringLocks.redis(p))),
  SHEDLOCK_REDIS("ShedLock Redis", Server.REDIS, p -> made(p, () -> ShedLocks.redis(p))),

  CONCLAVE_POSTGRES(
      "Conclave", Server.POSTGRES, p -> ConclaveLocks.local(p, ConclaveLocks.postgres(p))),
  CONCLAVE_POSTGRES_PROXY(
      "Conclave, event-bus proxy",
      Server.POSTGRES,
      p -> ConclaveLocks.proxy(p, ConclaveLocks.postgres(p))),
  ELECTION_POSTGRES(
      "Conclave, elections",
      Server.POSTGRES,
      p -> ElectionLocks.open(p, ConclaveLocks.postgres(p))),
  BARE_POSTGRES("bare client, one connection", Server.POSTGRES, BarePostgres::pipelined),
  BARE_POSTGRES_POOL("bare client, pool of 16", Server.POSTGRES, BarePostgres::pool),
  SPRING_JDBC("Spring Integration JDBC", Server.POSTGRES, p -> made(p, () -> SpringLocks.jdbc(p))),
  SHEDLOCK_JDBC("ShedLock JDBC", Server.POSTGRES, p -> made(p, () -> ShedLocks.jdbc(p))),

  CONCLAVE_MEMORY(
      "Conclave, memory", Server.NONE, p -> ConclaveLocks.local(p, ConclaveLocks.memory())),
  CONCLAVE_MEMORY_PROXY(
      "Conclave, memory, event-bus proxy",
      Server.NONE,
      p -> ConclaveLocks.proxy(p, ConclaveLocks.memory())),
  VERTX_LOCAL("Vert.x local lock", Server.NONE, p -> made(p, () -> new VertxLocks(p))),
  VERTX_CLUSTERED(
      "Vert.x clustered lock, Hazelcast", Server.NONE, p -> made(p, () -> new VertxLocks(p)));

  /** What a contender needs. */
  public enum Server {
    REDIS,
    POSTGRES,
    NONE
  }

  @FunctionalInterface
  private interface Opening {
    Future<Locks> open(Place place);
  }

  private final String title;
  private final Server server;
  private final Opening opening;

  Contender(String title, Server server, Opening opening) {
    this.title = title;
    this.server = server;
    this.opening = opening;
  }

  /** Most peers block while they connect. */
  private static Future<Locks> made(Place place, Callable<Locks> maker) {
    return place.vertx().executeBlocking(maker);
  }

  /** What people call it. */
  public String title() {
    return title;
  }

  /** What it needs. */
  public Server server() {
    return server;
  }

  /** The name in {@code -Dbench.only} and in the JSON. */
  public String id() {
    return name().toLowerCase().replace('_', '-');
  }

  /** Whether its cycles are worth timing: neither elections nor fair locks are made for that. */
  public boolean cycles() {
    return !isElection() && this != REDISSON_FAIR;
  }

  /** Whether it elects rather than locks. */
  public boolean isElection() {
    return this == ELECTION_REDIS || this == ELECTION_POSTGRES;
  }

  /** Whether an acquire waits for a lock that others hold. */
  public boolean waits() {
    return !title.startsWith("bare") && !title.startsWith("ShedLock");
  }

  /** Whether two processes exclude each other. */
  public boolean distributed() {
    return server != Server.NONE || this == VERTX_CLUSTERED;
  }

  /** Whether it renews leases by itself. */
  public boolean renews() {
    return server != Server.NONE
        && !title.startsWith("bare")
        && this != SPRING_JDBC
        && this != REDISSON_FAIR
        && this != CONCLAVE_REDIS_PROXY
        && this != CONCLAVE_POSTGRES_PROXY;
  }

  /** Connects. */
  public Future<Locks> open(Place place) {
    return opening.open(place);
  }

  /** The contender with this id. */
  public static Contender of(String id) {
    return Arrays.stream(values()).filter(c -> c.id().equals(id)).findFirst().orElseThrow();
  }
}
