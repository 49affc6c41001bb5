package dev.conclave.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four processes with 200 locks and 20 elections under random faults for long: {@code mvn -Psoak
 * -Dsoak.minutes=30 test}. What they use at the end is what they used when they had warmed up.
 */
class SoakSuite {
  private static final int WORKERS = 4;
  private static final int LOCKS = 200;
  private static final int ELECTIONS = 20;

  /** How many samples a figure needs before growth can be told from warming up. */
  private static final int ENOUGH = 10;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private int judged;

  @Test
  void nothingGrows() {
    Duration length = Duration.ofMinutes(Long.getLong("soak.minutes", 30));
    try (RedisStore store = new RedisStore(true, WORKERS);
        SoakUsage usage = new SoakUsage(store.server(), folder.resolve("server"))) {
      ChaosCampaign campaign =
          new ChaosCampaign(store, length, ChaosCampaign.seed(), folder)
              .sized(
                  new ChaosCampaign.Size(WORKERS, ELECTIONS, LOCKS / WORKERS, 6, 3, WORKERS / 2));
      assertThat(campaign.run()).isEmpty();
      List<String> grown = new ArrayList<>();
      List<Event> events = new ArrayList<>(campaign.usage());
      events.addAll(usage.events());
      events.stream()
          .collect(Collectors.groupingBy(Event::worker, TreeMap::new, Collectors.toList()))
          .forEach((worker, used) -> grown.addAll(grown(worker, used)));
      assertThat(grown).isEmpty();
      assertThat(judged).as("the server, and the workers that are never killed").isGreaterThan(12);
    }
  }

  /**
   * Compares the least of what came after warming up with the least of the last third: faults make
   * everything come and go, and only what is left behind never goes.
   */
  private List<String> grown(String worker, List<Event> used) {
    List<String> grown = new ArrayList<>();
    Map<String, List<Event>> byKind =
        used.stream().collect(Collectors.groupingBy(Event::key, TreeMap::new, Collectors.toList()));
    byKind.forEach(
        (what, samples) -> {
          if (samples.size() < ENOUGH) {
            return; // a process that was started late
          }
          judged++;
          int third = samples.size() / 3;
          long early = least(samples.subList(third, 2 * third));
          long late = least(samples.subList(2 * third, samples.size()));
          System.out.printf("  %s uses %s: %d, then %d%n", worker, what, early, late);
          if (!what.equals(Usage.KEPT_BY_VERTX) && late > early * 1.25 + slack(what)) {
            grown.add(worker + " uses " + what + ": " + early + ", then " + late);
          }
        });
    return grown;
  }

  /** What comes and goes from one moment to the next. */
  private static long slack(String what) {
    return what.equals("heap in KiB") ? 2_048 : 15;
  }

  private static long least(List<Event> samples) {
    return samples.stream().mapToLong(Event::fence).min().orElseThrow();
  }
}
