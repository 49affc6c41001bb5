package dev.conclave.election;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.LoopbackCluster;
import dev.conclave.testing.Ports;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** From where a worker's service is reached, in a cluster of two nodes. */
class ElectionServiceClusteredTest {
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

  private static void start(LeaderElectionOptions options) {
    ContextScheduler scheduler = new ContextScheduler(here, here.getOrCreateContext());
    get(LeaderElection.create(here, new MemoryBackend(scheduler), options).start());
  }

  @Test
  void anotherNodeReachesItOnlyWithItsOwnKey() {
    start(
        new LeaderElectionOptions("near").setPublish(LeadershipPublishing.CLUSTER).setWorker("a"));
    Throwable unreached = failureOf(LeaderElectionService.createProxy(there, "near").status());
    assertThat(ErrorCode.BACKEND_UNAVAILABLE.is(unreached)).as("%s", unreached).isTrue();
    assertThat(unreached).hasMessageContaining("clusteredService");
    assertThat(get(LeaderElectionService.createProxy(here, "near").status()).getWorker())
        .isEqualTo("a");
  }

  @Test
  void itsEventsNeedNotBePublishedForThat() {
    start(
        new LeaderElectionOptions("far")
            .setPublish(LeadershipPublishing.NONE)
            .setClusteredService(true)
            .setWorker("a"));
    assertThat(get(LeaderElectionService.createProxy(there, "far").status()).getWorker())
        .isEqualTo("a");
  }
}
