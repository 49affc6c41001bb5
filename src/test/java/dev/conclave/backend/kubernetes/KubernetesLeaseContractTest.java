package dev.conclave.backend.kubernetes;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.chaos.fault.FaultProxy;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Lease objects against the specification. */
class KubernetesLeaseContractTest extends SyncBackendContract {
  private static FakeApiServer server;

  @BeforeAll
  static void start() {
    server = FakeApiServer.start();
    System.out.println("Kubernetes (lease): the tests' own API server at " + server.url());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  protected SyncBackend open(Vertx vertx) {
    return new KubernetesBackendFactory().create(vertx, server.config("lease"));
  }

  @Override
  protected SyncBackend openAtDistance(Vertx vertx, Duration roundTrip) {
    FaultProxy way = closing(new FaultProxy("127.0.0.1", server.port()));
    way.delay(roundTrip.dividedBy(2));
    return new KubernetesBackendFactory()
        .create(vertx, server.config("lease").put("apiServer", "http://127.0.0.1:" + way.port()));
  }

  @Override
  protected boolean handsOver() {
    return false;
  }

  @Override
  protected boolean moveIntoTheFuture(LeaseKey key, Duration by) {
    server.moveIntoTheFuture(FakeApiServer.LEASES, key, by);
    return true;
  }
}
