package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.testing.Async;
import dev.conclave.testing.RedisCli;
import dev.conclave.testing.RedisServer;
import dev.conclave.testing.Signals;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** One Redis, with or without an append-only file. */
public final class RedisStore implements ChaosStore {
  /** Every write is on the disk before it is answered. */
  static final String[] PERSISTENT = {"--appendonly", "yes", "--appendfsync", "always"};

  private final boolean persistent;
  private final RedisServer server;
  private final List<FaultProxy> proxies = new ArrayList<>();

  public RedisStore(boolean persistent, int workers) {
    this.persistent = persistent;
    server = persistent ? RedisServer.start(PERSISTENT) : RedisServer.start();
    for (int i = 0; i < workers; i++) {
      proxies.add(new FaultProxy("127.0.0.1", server.port()));
    }
  }

  @Override
  public String name() {
    return persistent ? "Redis" : "Redis that forgets";
  }

  @Override
  public JsonObject backend(int worker) {
    int port = proxies.get(worker).port();
    return new JsonObject()
        .put("type", "redis")
        .put("timeout", 1_000)
        .put("idleRetention", IDLE)
        .put("options", new JsonObject().put("connectionString", "redis://127.0.0.1:" + port));
  }

  @Override
  public List<FaultProxy> proxies() {
    return proxies;
  }

  @Override
  public List<Fault> faults() {
    List<Fault> faults = new ArrayList<>(faultsOf(server));
    faults.add(
        new Fault(
            persistent ? "crash and restart" : "restart without persistence",
            !persistent,
            random -> {
              server.stop();
              return () -> restart(server);
            }));
    if (!persistent) {
      faults.add(
          Fault.forgetful(
              "FLUSHALL",
              random -> {
                server.call("FLUSHALL");
                return OVER;
              }));
    }
    return faults;
  }

  /** Starts it again and waits until it has read what it had written. */
  static void restart(RedisServer server) {
    server.restart();
    Async.eventually("Redis has loaded its data", () -> loaded(server));
  }

  private static boolean loaded(RedisServer server) {
    try {
      return server.call("PING").equals("PONG");
    } catch (RedisCli.Refused loading) {
      return false;
    }
  }

  /** What does not concern the data. */
  static List<Fault> faultsOf(RedisServer server) {
    return List.of(
        Fault.durable(
            "SCRIPT FLUSH",
            random -> {
              server.call("SCRIPT", "FLUSH");
              return OVER;
            }),
        Fault.durable(
            "CLIENT KILL",
            random -> {
              server.call("CLIENT", "KILL", "TYPE", random.nextBoolean() ? "normal" : "pubsub");
              return OVER;
            }),
        Fault.durable("maxclients", random -> connectionLimit(server)),
        Fault.durable(
            "out of memory",
            random -> {
              server.call("CONFIG", "SET", "maxmemory", "1");
              return () -> server.call("CONFIG", "SET", "maxmemory", "0");
            }),
        Fault.durable(
            "server paused",
            random -> {
              Signals.send("STOP", server.pid());
              return () -> Signals.send("CONT", server.pid());
            }));
  }

  /** Keeps a connection, because no other could lift the limit again. */
  private static Fault.Healing connectionLimit(RedisServer server) throws IOException {
    RedisCli cli = new RedisCli(server.uri());
    cli.call("CONFIG", "SET", "maxclients", "1");
    cli.call("CLIENT", "KILL", "TYPE", "normal");
    cli.call("CLIENT", "KILL", "TYPE", "pubsub");
    return () -> {
      cli.call("CONFIG", "SET", "maxclients", "10000");
      cli.close();
    };
  }

  /** How many keys there are, and what is subscribed to. */
  public RedisServer server() {
    return server;
  }

  @Override
  public void close() {
    proxies.forEach(FaultProxy::close);
    server.close();
  }
}
