package dev.conclave.testing;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.spi.cluster.hazelcast.ConfigUtil;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

/** A clustered Vert.x on this machine's loopback alone: no multicast, no other host. */
public final class LoopbackCluster {
  private LoopbackCluster() {}

  /**
   * Joins, or begins, the cluster.
   *
   * @param ownPort where this member listens
   * @param memberPort where the first member listens
   */
  public static Vertx join(int ownPort, int memberPort) {
    Config config = ConfigUtil.loadConfig();
    config.setClusterName("conclave-" + memberPort);
    config
        .setProperty("hazelcast.phone.home.enabled", "false")
        .setProperty("hazelcast.logging.type", "jdk")
        .setProperty("hazelcast.shutdownhook.enabled", "false")
        .setProperty("hazelcast.heartbeat.interval.seconds", "1")
        .setProperty("hazelcast.max.no.heartbeat.seconds", "10");
    config.getMetricsConfig().setEnabled(false);
    config.getNetworkConfig().setPort(ownPort).setPortAutoIncrement(false);
    config.getNetworkConfig().setPublicAddress("127.0.0.1:" + ownPort);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    JoinConfig join = config.getNetworkConfig().getJoin();
    join.getMulticastConfig().setEnabled(false);
    join.getAutoDetectionConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + memberPort);
    VertxOptions options =
        new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1"));
    return Async.get(
        Vertx.builder()
            .with(options)
            .withClusterManager(new HazelcastClusterManager(config))
            .buildClustered());
  }
}
