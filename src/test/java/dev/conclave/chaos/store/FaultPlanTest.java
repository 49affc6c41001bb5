package dev.conclave.chaos.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultPlan;
import dev.conclave.chaos.fault.FaultProxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A seed means the same faults whenever and wherever it is used. */
class FaultPlanTest {
  private static final int STEPS = 200;

  /** What comes, when, for how long, and what it draws from. */
  private static List<String> sequence(List<Fault> faults, long seed) {
    FaultPlan track = new FaultPlan(faults, seed);
    return Stream.generate(track::next)
        .limit(STEPS)
        .map(s -> s.peace() + " " + s.fault().name() + " " + s.lasts() + " " + s.seed())
        .toList();
  }

  private static List<String> sequence(ChaosStore store, long seed) {
    List<Fault> all = new ArrayList<>(new NetworkFaults(store).faults());
    all.addAll(store.faults());
    return sequence(all, seed);
  }

  /** What is drawn by a fault differs from run to run: it depends on what there is. */
  private static List<String> injected(int draws) throws Exception {
    List<String> first = new ArrayList<>();
    List<Fault> faults = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      String name = "fault " + i;
      faults.add(
          Fault.durable(
              name,
              random -> {
                first.add(name + " " + random.nextInt());
                random.ints(draws).sum();
                return Fault.OVER;
              }));
    }
    FaultPlan track = new FaultPlan(faults, 4711);
    for (int i = 0; i < STEPS; i++) {
      track.next().inject().heal();
    }
    return first;
  }

  @Test
  void whatAFaultDrawsDoesNotShiftWhatComesNext() throws Exception {
    assertThat(injected(7)).hasSize(STEPS).isEqualTo(injected(0));
  }

  @Test
  void everyStorePlansTheSameTwice() {
    try (RedisStore one = new RedisStore(true, 3);
        RedisStore two = new RedisStore(true, 3)) {
      same(one, two);
    }
    try (RedisStore one = new RedisStore(false, 3);
        RedisStore two = new RedisStore(false, 3)) {
      same(one, two);
    }
    try (KubernetesStore one = new KubernetesStore("lease", 3);
        KubernetesStore two = new KubernetesStore("lease", 3)) {
      same(one, two);
    }
    try (PostgresStore one = new PostgresStore(3);
        PostgresStore two = new PostgresStore(3)) {
      same(one, two);
    }
  }

  @Test
  void theClusterPlansTheSameTwiceForTheNodesInTheirOrder() {
    try (ClusterStore one = new ClusterStore();
        ClusterStore two = new ClusterStore()) {
      same(one, two);
      for (ClusterStore store : List.of(one, two)) {
        assertThat(store.proxies())
            .extracting(FaultProxy::target)
            .isEqualTo(store.servers().nodes().stream().map(n -> n.port()).toList());
      }
    }
  }

  @Test
  void sentinelPlansTheSameTwiceForTheServersInTheirOrder() {
    try (SentinelStore one = new SentinelStore();
        SentinelStore two = new SentinelStore()) {
      same(one, two);
      for (SentinelStore store : List.of(one, two)) {
        assertThat(store.proxies())
            .extracting(FaultProxy::target)
            .containsExactly(
                store.servers().master().port(),
                store.servers().replica().port(),
                store.servers().sentinel().port());
      }
    }
  }

  private static void same(ChaosStore one, ChaosStore two) {
    for (long seed : new long[] {1, 4711}) {
      assertThat(sequence(one, seed)).as(one.name()).isEqualTo(sequence(two, seed));
      assertThat(ways(one, seed)).as(one.name()).isEqualTo(ways(two, seed)).isNotEmpty();
    }
    assertThat(sequence(one, 1)).isNotEqualTo(sequence(one, 2));
  }

  /** Which proxies the faults of a network hit, by their index. */
  private static List<List<Integer>> ways(ChaosStore store, long seed) {
    Map<FaultProxy, Integer> indices = new HashMap<>();
    store.proxies().forEach(proxy -> indices.put(proxy, indices.size()));
    Random random = new Random(seed);
    NetworkFaults network = new NetworkFaults(store);
    return Stream.generate(() -> network.some(new Random(random.nextLong())))
        .limit(STEPS)
        .map(some -> some.stream().map(indices::get).toList())
        .toList();
  }
}
