package dev.conclave.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** Three masters of a Redis cluster, of the embedded binary. */
public final class RedisCluster implements AutoCloseable {
  private static final int NODES = 3;
  private static final int SLOTS = 16384;

  private final List<RedisServer> nodes = new ArrayList<>();

  /** Starts the nodes and waits until every one of them knows the whole cluster. */
  public RedisCluster() {
    this(port -> port);
  }

  /**
   * The same, but the nodes announce other ports than those the nodes listen on.
   *
   * @param announced which port a node announces that listens on this one
   * @param arguments of every node, in addition to those that make it one
   */
  public RedisCluster(IntUnaryOperator announced, String... arguments) {
    List<Integer> busPorts = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      int bus = Ports.free();
      busPorts.add(bus);
      int port = Ports.free();
      List<String> all =
          new ArrayList<>(
              List.of(
                  "--cluster-enabled",
                  "yes",
                  "--cluster-config-file",
                  "nodes.conf",
                  "--cluster-node-timeout",
                  "2000",
                  "--cluster-port",
                  String.valueOf(bus),
                  "--cluster-announce-port",
                  String.valueOf(announced.applyAsInt(port)),
                  "--cluster-announce-bus-port",
                  String.valueOf(bus)));
      all.addAll(List.of(arguments));
      nodes.add(RedisServer.startAt("redis://127.0.0.1:", port, all.toArray(String[]::new)));
    }
    for (int i = 0; i < NODES; i++) {
      RedisServer node = nodes.get(i);
      node.call(
          "CLUSTER",
          "ADDSLOTSRANGE",
          String.valueOf(i * SLOTS / NODES),
          String.valueOf((i + 1) * SLOTS / NODES - 1));
      node.call("CLUSTER", "SET-CONFIG-EPOCH", String.valueOf(i + 1));
      if (i > 0) {
        nodes
            .get(0)
            .call(
                "CLUSTER",
                "MEET",
                "127.0.0.1",
                String.valueOf(node.port()),
                String.valueOf(busPorts.get(i)));
      }
    }
    Async.eventually(
        "the cluster is complete",
        () ->
            nodes.stream()
                .map(node -> (String) node.call("CLUSTER", "INFO"))
                .allMatch(
                    info ->
                        info.contains("cluster_state:ok")
                            && info.contains("cluster_known_nodes:" + NODES)
                            && info.contains("cluster_slots_ok:" + SLOTS)));
  }

  /** The nodes. */
  public List<RedisServer> nodes() {
    return List.copyOf(nodes);
  }

  @Override
  public void close() {
    nodes.forEach(RedisServer::close);
  }
}
