package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.store.ChaosStore;
import dev.conclave.chaos.store.ClusterStore;
import dev.conclave.chaos.store.KubernetesStore;
import dev.conclave.chaos.store.PostgresStore;
import dev.conclave.chaos.store.RedisStore;
import dev.conclave.chaos.store.SentinelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A campaign of faults on every store: short in every build, longer with {@code mvn -Pchaos
 * -Dchaos.minutes=20 -Dchaos.backend=postgres test}. The methods are named as the backends.
 */
class ChaosTest {
  private static final Duration SHORT = Duration.ofSeconds(7);

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private void campaign(Function<Integer, ChaosStore> stores) {
    long minutes = Long.getLong("chaos.minutes", 0);
    Duration length = minutes > 0 ? Duration.ofMinutes(minutes) : SHORT;
    try (ChaosStore store = stores.apply(ChaosCampaign.WORKERS)) {
      assertThat(new ChaosCampaign(store, length, ChaosCampaign.seed(), folder).run()).isEmpty();
    }
  }

  @Test
  void redis() {
    campaign(workers -> new RedisStore(true, workers));
  }

  @Test
  void redisThatForgets() {
    campaign(workers -> new RedisStore(false, workers));
  }

  @Test
  void sentinel() {
    campaign(workers -> new SentinelStore());
  }

  @Test
  void cluster() {
    campaign(workers -> new ClusterStore());
  }

  @Test
  void postgres() {
    campaign(PostgresStore::new);
  }

  @Test
  void kubernetes() {
    campaign(workers -> new KubernetesStore("lease", workers));
  }

  @Test
  void kubernetesConfigMaps() {
    campaign(workers -> new KubernetesStore("configmap", workers));
  }
}
