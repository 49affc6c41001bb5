package dev.conclave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A master, its replica and one Sentinel that watches them, of the embedded binary. */
public final class RedisSentinel implements AutoCloseable {
  /** What Sentinel calls the master. */
  public static final String MASTER = "mymaster";

  private final RedisServer master;
  private final RedisServer replica;
  private final RedisServer sentinel;

  /** Starts all three and waits until Sentinel knows the replica. */
  public RedisSentinel() {
    master = RedisServer.start();
    replica = RedisServer.start("--replicaof", "127.0.0.1 " + master.port());
    try {
      Path config = Files.createTempFile("conclave-sentinel", ".conf");
      Files.writeString(
          config,
          String.join(
              "\n",
              "sentinel monitor " + MASTER + " 127.0.0.1 " + master.port() + " 1",
              "sentinel down-after-milliseconds " + MASTER + " 500",
              "sentinel failover-timeout " + MASTER + " 2000",
              ""));
      config.toFile().deleteOnExit();
      sentinel =
          RedisServer.startAt(
              "redis://127.0.0.1:", RedisServer.freePort(), config.toString(), "--sentinel");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Async.eventually(
        "the replica is in step",
        () -> replica.info("replication").contains("master_link_status:up"));
    Async.eventually(
        "Sentinel knows the replica",
        () -> !((List<?>) sentinel.call("SENTINEL", "REPLICAS", MASTER)).isEmpty());
  }

  /** What a client connects to. */
  public String uri() {
    return sentinel.uri();
  }

  /** The first master. */
  public RedisServer master() {
    return master;
  }

  /** The replica, master after a failover. */
  public RedisServer replica() {
    return replica;
  }

  @Override
  public void close() {
    sentinel.close();
    replica.close();
    master.close();
  }
}
