package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.testing.Async;
import dev.conclave.testing.RedisCluster;
import dev.conclave.testing.RedisServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Three masters with append-only files; every one of them is reached through a proxy. */
public final class ClusterStore implements ChaosStore {
  private static final int MOVED = 10;

  private final Map<Integer, FaultProxy> ways = new LinkedHashMap<>();
  private final RedisCluster cluster = new RedisCluster(this::way, RedisStore.PERSISTENT);

  private int way(int port) {
    return ways.computeIfAbsent(port, to -> new FaultProxy("127.0.0.1", to)).port();
  }

  @Override
  public String name() {
    return "Redis Cluster";
  }

  @Override
  public JsonObject backend(int worker) {
    JsonArray endpoints = new JsonArray();
    cluster.nodes().forEach(node -> endpoints.add("redis://127.0.0.1:" + way(node.port())));
    return new JsonObject()
        .put("type", "redis")
        .put("timeout", 1_000)
        .put("idleRetention", IDLE)
        .put("options", new JsonObject().put("type", "CLUSTER").put("endpoints", endpoints));
  }

  /** In the order of the nodes. */
  @Override
  public List<FaultProxy> proxies() {
    return List.copyOf(ways.values());
  }

  @Override
  public List<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    faults.add(Fault.durable("slots moved", this::moveSlots));
    faults.add(
        Fault.durable(
            "crash and restart",
            random -> {
              RedisServer node = some(random);
              node.stop();
              return () -> {
                RedisStore.restart(node);
                whole();
              };
            }));
    faults.add(
        Fault.durable(
            "SCRIPT FLUSH",
            random -> {
              cluster.nodes().forEach(node -> node.call("SCRIPT", "FLUSH"));
              return OVER;
            }));
    faults.add(
        Fault.durable(
            "CLIENT KILL",
            random -> {
              cluster.nodes().forEach(node -> node.call("CLIENT", "KILL", "TYPE", "normal"));
              return OVER;
            }));
    return faults;
  }

  private RedisServer some(Random random) {
    return cluster.nodes().get(random.nextInt(cluster.nodes().size()));
  }

  private void whole() {
    Async.eventually(
        "the cluster is complete",
        () ->
            cluster.nodes().stream()
                .allMatch(
                    node -> ((String) node.call("CLUSTER", "INFO")).contains("cluster_state:ok")));
  }

  /** Moves some keys of one node, slot by slot, slowly, while they are in use. */
  private Fault.Healing moveSlots(Random random) {
    RedisServer from = some(random);
    RedisServer to = from;
    while (to == from) {
      to = some(random);
    }
    List<Long> slots = new ArrayList<>();
    for (Object key : (List<?>) from.call("KEYS", "*")) {
      long slot = (Long) from.call("CLUSTER", "KEYSLOT", (String) key);
      if (!slots.contains(slot)) {
        slots.add(slot);
      }
    }
    Collections.shuffle(slots, random);
    for (long slot : slots.subList(0, Math.min(MOVED, slots.size()))) {
      move(String.valueOf(slot), from, to, random);
    }
    return OVER;
  }

  private void move(String slot, RedisServer from, RedisServer to, Random random) {
    String source = (String) from.call("CLUSTER", "MYID");
    String target = (String) to.call("CLUSTER", "MYID");
    to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
    from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
    Async.pause(Duration.ofMillis(random.nextInt(100)));
    for (List<?> keys = keysOf(from, slot); !keys.isEmpty(); keys = keysOf(from, slot)) {
      for (Object key : keys) {
        String port = String.valueOf(to.port());
        from.call("MIGRATE", "127.0.0.1", port, (String) key, "0", "2000");
      }
    }
    Async.pause(Duration.ofMillis(random.nextInt(100)));
    for (RedisServer node : List.of(to, from)) {
      node.call("CLUSTER", "SETSLOT", slot, "NODE", target);
    }
    cluster.nodes().forEach(node -> node.call("CLUSTER", "SETSLOT", slot, "NODE", target));
  }

  private static List<?> keysOf(RedisServer node, String slot) {
    return (List<?>) node.call("CLUSTER", "GETKEYSINSLOT", slot, "100");
  }

  RedisCluster servers() {
    return cluster;
  }

  @Override
  public void close() {
    ways.values().forEach(FaultProxy::close);
    cluster.close();
  }
}
