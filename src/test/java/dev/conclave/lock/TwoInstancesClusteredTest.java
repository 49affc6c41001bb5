package dev.conclave.lock;

import static dev.conclave.testing.Async.get;

import dev.conclave.testing.LoopbackCluster;
import dev.conclave.testing.Ports;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** One instance on each of two nodes of a cluster. */
class TwoInstancesClusteredTest extends TwoInstancesContract {
  private static Vertx here;
  private static Vertx there;

  @BeforeAll
  static void join() {
    int port = Ports.free();
    here = LoopbackCluster.join(port, port);
    there = LoopbackCluster.join(Ports.free(), port);
  }

  @AfterAll
  static void leave() {
    get(there.close());
    get(here.close());
  }

  @Override
  Vertx vertx(int instance) {
    return instance == 0 ? here : there;
  }
}
