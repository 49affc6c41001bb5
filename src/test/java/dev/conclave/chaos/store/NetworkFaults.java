package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** What a network does to one way to the store, or to all of them. */
public final class NetworkFaults {
  private final ChaosStore store;

  public NetworkFaults(ChaosStore store) {
    this.store = store;
  }

  public List<Fault> faults() {
    return List.of(
        lasting("network: delay", (p, r) -> p.delay(Duration.ofMillis(1 + r.nextInt(300)))),
        lasting("network: throttle", (p, r) -> p.throttle(500 + r.nextInt(20_000))),
        lasting("network: black hole", (p, r) -> p.blackHole()),
        lasting("network: half open", (p, r) -> p.halfOpen()),
        lasting("network: answers dropped", (p, r) -> p.dropAnswers()),
        lasting(
            "network: refused",
            (p, r) -> {
              p.refuse();
              p.reset();
            }),
        momentary("network: cut", FaultProxy::cut),
        momentary("network: reset", FaultProxy::reset));
  }

  private interface Trouble {
    void make(FaultProxy proxy, Random random);
  }

  private Fault lasting(String name, Trouble trouble) {
    return Fault.durable(
        name,
        random -> {
          List<FaultProxy> some = some(random);
          some.forEach(proxy -> trouble.make(proxy, random));
          return () -> {
            some.forEach(FaultProxy::heal);
            store.settle();
          };
        });
  }

  private Fault momentary(String name, Consumer<FaultProxy> trouble) {
    return Fault.durable(
        name,
        random -> {
          some(random).forEach(trouble);
          return OVER;
        });
  }

  /** One of them, or all. */
  List<FaultProxy> some(Random random) {
    List<FaultProxy> all = store.proxies();
    return random.nextInt(3) == 0 ? all : List.of(all.get(random.nextInt(all.size())));
  }
}
