package dev.conclave.testing;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.spi.metrics.TCPMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A Vert.x that counts the network clients which it makes: it remembers each of them until the
 * verticle it was made in ends, also after it was closed.
 */
public final class NetClientCount {
  private final AtomicInteger made = new AtomicInteger();
  private final Vertx vertx =
      Vertx.builder()
          .with(new VertxOptions().setMetricsOptions(new MetricsOptions().setEnabled(true)))
          .withMetrics(
              options ->
                  new VertxMetrics() {
                    @Override
                    public TCPMetrics<?> createNetClientMetrics(NetClientOptions client) {
                      made.incrementAndGet();
                      return null;
                    }
                  })
          .build();

  /** The instance. To be closed by the caller. */
  public Vertx vertx() {
    return vertx;
  }

  /** How many there have been. */
  public int made() {
    return made.get();
  }
}
