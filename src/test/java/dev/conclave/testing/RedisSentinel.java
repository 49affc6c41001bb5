package dev.conclave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** A master, its replica and one Sentinel that watches them, of the embedded binary. */
public final class RedisSentinel implements AutoCloseable {
  /** What Sentinel calls the master. */
  public static final String MASTER = "mymaster";

  private final RedisServer master;
  private final RedisServer replica;
  private final RedisServer sentinel;

  /** Starts all three and waits until Sentinel knows the replica. */
  public RedisSentinel() {
    this(port -> port, port -> port);
  }

  /**
   * The same, but with something between them.
   *
   * @param announced which port leads clients and Sentinel to the server that listens on this one
   * @param replicated which port leads the replica to its master that listens on this one
   */
  public RedisSentinel(IntUnaryOperator announced, IntUnaryOperator replicated) {
    int first = Ports.free();
    master = server(first, announced);
    replica =
        server(Ports.free(), announced, "--replicaof", "127.0.0.1 " + replicated.applyAsInt(first));
    try {
      Path config = Files.createTempFile("conclave-sentinel", ".conf");
      Files.writeString(
          config,
          String.join(
              "\n",
              "sentinel monitor " + MASTER + " 127.0.0.1 " + announced.applyAsInt(first) + " 1",
              "sentinel down-after-milliseconds " + MASTER + " 500",
              "sentinel failover-timeout " + MASTER + " 2000",
              ""));
      config.toFile().deleteOnExit();
      sentinel =
          RedisServer.startAt("redis://127.0.0.1:", Ports.free(), config.toString(), "--sentinel");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Async.eventually("the replica is in step", () -> inStep(replica));
    Async.eventually(
        "Sentinel knows the replica",
        () -> !((List<?>) sentinel.call("SENTINEL", "REPLICAS", MASTER)).isEmpty());
  }

  /** Sentinel ends the connections of a server that it tells whose replica it is. */
  private static boolean inStep(RedisServer replica) {
    try {
      return replica.info("replication").contains("master_link_status:up");
    } catch (UncheckedIOException ended) {
      return false;
    }
  }

  private static RedisServer server(int port, IntUnaryOperator announced, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--replica-announce-ip",
                "127.0.0.1",
                "--replica-announce-port",
                String.valueOf(announced.applyAsInt(port))));
    all.addAll(List.of(arguments));
    return RedisServer.startAt("redis://127.0.0.1:", port, all.toArray(String[]::new));
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

  /** The Sentinel itself. */
  public RedisServer sentinel() {
    return sentinel;
  }

  @Override
  public void close() {
    sentinel.close();
    replica.close();
    master.close();
  }
}
