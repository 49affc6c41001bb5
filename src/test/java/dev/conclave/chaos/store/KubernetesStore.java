package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.backend.kubernetes.ChaosApiServer;
import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.LeaseOperation;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.chaos.verdict.ObservedLease;
import dev.conclave.chaos.verdict.SequentialLease;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A fake API server, with leases in Lease objects or ConfigMaps. */
public final class KubernetesStore implements ChaosStore {
  private final String resource;
  private final ChaosApiServer server = new ChaosApiServer();
  private final List<FaultProxy> proxies = new ArrayList<>();

  public KubernetesStore(String resource, int workers) {
    this.resource = resource;
    for (int i = 0; i < workers; i++) {
      proxies.add(new FaultProxy("127.0.0.1", server.port()));
    }
  }

  @Override
  public String name() {
    return "Kubernetes, " + resource;
  }

  @Override
  public JsonObject backend(int worker) {
    return server.config(resource, proxies.get(worker).port()).put("timeout", 1_000);
  }

  @Override
  public List<FaultProxy> proxies() {
    return proxies;
  }

  @Override
  public List<Fault> faults() {
    return List.of(
        Fault.durable(
            "API server: 5xx",
            random -> {
              server.statuses(random, 500, 502, 503, 504);
              return server::heal;
            }),
        Fault.durable(
            "API server: 429",
            random -> {
              server.statuses(random, 429);
              return server::heal;
            }),
        Fault.durable(
            "API server: answers cut, late or missing",
            random -> {
              server.brokenAnswers(random);
              return server::heal;
            }),
        Fault.durable(
            "API server: watches ended",
            random -> {
              server.endWatches(random.nextBoolean());
              return OVER;
            }));
  }

  /**
   * A new process has seen nothing yet: it finds the record of a holder that did not release,
   * however long ago, also that of a key which is seldom asked for. {@link ObservedLease} judges
   * that.
   */
  @Override
  public Duration refusedLate() {
    return Duration.ofMinutes(10);
  }

  @Override
  public SequentialLease lease(List<LeaseOperation> all, List<History.Span> faults) {
    return new ObservedLease(all, Limits.LATE);
  }

  @Override
  public void close() {
    proxies.forEach(FaultProxy::close);
    server.close();
  }
}
