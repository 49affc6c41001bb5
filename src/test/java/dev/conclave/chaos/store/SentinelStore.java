package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.testing.Async;
import dev.conclave.testing.RedisSentinel;
import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A master, a replica that is always a little behind, and a Sentinel. A master that cannot be
 * reached is replaced, so every fault of the network may cost what the replica did not have.
 */
public final class SentinelStore implements ChaosStore {
  private final Map<Integer, FaultProxy> ways = new LinkedHashMap<>();
  private final Map<Integer, FaultProxy> replication = new LinkedHashMap<>();
  private final RedisSentinel servers =
      new RedisSentinel(port -> way(ways, port), port -> way(replication, port));
  private final FaultProxy toSentinel = new FaultProxy("127.0.0.1", servers.sentinel().port());

  private static int way(Map<Integer, FaultProxy> ways, int port) {
    return ways.computeIfAbsent(port, to -> new FaultProxy("127.0.0.1", to)).port();
  }

  @Override
  public String name() {
    return "Redis Sentinel";
  }

  @Override
  public JsonObject backend(int worker) {
    return new JsonObject()
        .put("type", "redis")
        .put("timeout", 1_000)
        .put("idleRetention", IDLE)
        .put(
            "options",
            new JsonObject()
                .put("type", "SENTINEL")
                .put("masterName", RedisSentinel.MASTER)
                .put("endpoints", new JsonArray().add("redis://127.0.0.1:" + toSentinel.port())));
  }

  /** To the first master, its replica, and Sentinel. */
  @Override
  public List<FaultProxy> proxies() {
    List<FaultProxy> proxies = new ArrayList<>(ways.values());
    proxies.add(toSentinel);
    return proxies;
  }

  RedisSentinel servers() {
    return servers;
  }

  /** Grows with every fail-over. */
  @Override
  public Optional<String> epoch() {
    List<?> master = (List<?>) servers.sentinel().call("SENTINEL", "MASTER", RedisSentinel.MASTER);
    return Optional.of((String) master.get(master.indexOf("config-epoch") + 1));
  }

  @Override
  public boolean forgetsWhenCut() {
    return true;
  }

  @Override
  public List<Fault> faults() {
    return List.of(
        Fault.durable("fail-over to a stale replica", this::crashMaster),
        Fault.durable("fail-over on command", this::failOver),
        Fault.durable(
            "CLIENT KILL",
            random -> {
              master().call("CLIENT", "KILL", "TYPE", "normal");
              return OVER;
            }),
        Fault.durable(
            "SCRIPT FLUSH",
            random -> {
              master().call("SCRIPT", "FLUSH");
              return OVER;
            }),
        Fault.durable(
            "Sentinel restarted",
            random -> {
              servers.sentinel().stop();
              return () -> {
                servers.sentinel().restart();
                settle();
              };
            }));
  }

  private Fault.Healing crashMaster(Random random) {
    RedisServer master = master();
    FaultProxy link = replication.get(master.port());
    if (link != null) {
      link.blackHole();
      Async.pause(Duration.ofMillis(200 + random.nextInt(800)));
    }
    master.stop();
    return () -> {
      Async.eventually("Sentinel names the other", () -> masterPort() != master.port());
      if (link != null) {
        link.heal();
      }
      RedisStore.restart(master);
      settle();
    };
  }

  private Fault.Healing failOver(Random random) {
    int before = masterPort();
    Async.eventually("Sentinel begins", this::begun);
    return () -> {
      Async.eventually("Sentinel names the other", () -> masterPort() != before);
      settle();
    };
  }

  private boolean begun() {
    try {
      servers.sentinel().call("SENTINEL", "FAILOVER", RedisSentinel.MASTER);
      return true;
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  /** The port that the server listens on which Sentinel says is the master. */
  private int masterPort() {
    List<?> address =
        (List<?>)
            servers.sentinel().call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisSentinel.MASTER);
    int announced = Integer.parseInt((String) address.get(1));
    return ways.entrySet().stream()
        .filter(way -> way.getValue().port() == announced)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private RedisServer master() {
    return masterPort() == servers.master().port() ? servers.master() : servers.replica();
  }

  /** One master, whom Sentinel knows, and a replica in step with it. */
  @Override
  public void settle() {
    Async.eventually("one master and its replica", this::settled);
  }

  private boolean settled() {
    try {
      RedisServer master = master();
      RedisServer other = master == servers.master() ? servers.replica() : servers.master();
      boolean quiet =
          ((List<?>) servers.sentinel().call("SENTINEL", "MASTER", RedisSentinel.MASTER))
              .contains("master");
      return quiet
          && master.info("replication").contains("role:master")
          && other.info("replication").contains("role:slave")
          && other.info("replication").contains("master_link_status:up");
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    ways.values().forEach(FaultProxy::close);
    replication.values().forEach(FaultProxy::close);
    toSentinel.close();
    servers.close();
  }
}
