package dev.conclave.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
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

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

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
      List<Event> events = new ArrayList<>(campaign.usage());
      events.addAll(usage.events());
      Collection<List<Event>> figures =
          events.stream()
              .collect(
                  Collectors.groupingBy(
                      e -> e.worker() + " uses " + e.key(), TreeMap::new, Collectors.toList()))
              .values();
      int longest = figures.stream().mapToInt(List::size).max().orElse(0);
      // Who was killed in between had hardly warmed up.
      List<List<Event>> lasting =
          figures.stream().filter(samples -> samples.size() > longest / 2).toList();
      assertThat(lasting).as("of the server, and of those never killed").hasSizeGreaterThan(12);
      assertThat(lasting.stream().map(SoakSuite::growth).filter(Objects::nonNull)).isEmpty();
    }
  }

  /**
   * Compares the least of what came after warming up with the least of the last third: faults make
   * everything come and go, and only what is left behind never goes. Null when it is not more.
   */
  private static String growth(List<Event> samples) {
    String what = samples.get(0).key();
    int third = samples.size() / 3;
    long early = least(samples.subList(third, 2 * third));
    long late = least(samples.subList(2 * third, samples.size()));
    String figure = samples.get(0).worker() + " uses " + what + ": " + early + ", then " + late;
    System.out.println("  " + figure);
    boolean more = late > early * 1.25 + slack(what);
    return more && !what.equals(Usage.KEPT_BY_VERTX) ? figure : null;
  }

  /** What comes and goes from one moment to the next. */
  private static long slack(String what) {
    return what.equals("heap in KiB") ? 2_048 : 15;
  }

  private static long least(List<Event> samples) {
    return samples.stream().mapToLong(Event::fence).min().orElseThrow();
  }
}
