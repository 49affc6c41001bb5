package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.store.RedisStore;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.worker.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four processes with locks, elections, tasks, verticles that come and go, and waiters that crash,
 * under random faults: two minutes in every build, longer with {@code mvn -Psoak -Dsoak.minutes=30
 * test}. What they use at the end is what they used when they had warmed up.
 *
 * <p>One of the processes leaves a listener behind with every run of a task. If this does not find
 * it, then it finds nothing.
 */
class SoakTest {
  private static final int WORKERS = 4;
  private static final String LEAKING = "w0.";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private record Figure(String user, String what, List<Event> samples) {
    Growth growth() {
      return Growth.of(what, samples.stream().map(Event::fence).toList());
    }

    @Override
    public String toString() {
      return user + " uses " + what + ": " + growth();
    }
  }

  @Test
  void nothingGrowsAndAPlantedLeakIsFound() {
    long minutes = Long.getLong("soak.minutes", 2);
    List<Figure> figures = run(Duration.ofMinutes(minutes), minutes < 10 ? size(4) : size(20));
    figures.forEach(figure -> System.out.println("  " + figure));

    List<Figure> growing = figures.stream().filter(figure -> figure.growth().isReal()).toList();
    assertThat(growing.stream().filter(figure -> !figure.user.startsWith(LEAKING)))
        .as("what grows")
        .isEmpty();
    assertThat(growing.stream().filter(figure -> figure.user.startsWith(LEAKING)))
        .as("what grows where a leak was planted")
        .extracting(Figure::what)
        .contains(Usage.FUTURES);
    assertThat(figures).as("of the server, and of those never killed").hasSizeGreaterThan(30);
  }

  private static ChaosCampaign.Size size(int elections) {
    return new ChaosCampaign.Size(WORKERS, elections, 10 * elections / WORKERS, 4, 2, 3, 1);
  }

  private List<Figure> run(Duration length, ChaosCampaign.Size size) {
    try (RedisStore store = new RedisStore(true, WORKERS);
        SoakUsage usage = new SoakUsage(store.server(), folder.resolve("server"))) {
      ChaosCampaign campaign =
          new ChaosCampaign(store, length, ChaosCampaign.seed(), folder).sized(size);
      assertThat(campaign.run()).isEmpty();
      List<Event> events = new ArrayList<>(campaign.usage());
      events.addAll(usage.events());
      return figures(events);
    }
  }

  /** One per user and thing that is used, of those users that lasted. */
  private static List<Figure> figures(List<Event> events) {
    List<Figure> all = new ArrayList<>();
    events.stream()
        .collect(Collectors.groupingBy(Event::worker, TreeMap::new, Collectors.toList()))
        .forEach(
            (user, own) ->
                own.stream()
                    .filter(event -> !event.key().equals(Usage.KEPT_BY_VERTX))
                    .collect(Collectors.groupingBy(Event::key, TreeMap::new, Collectors.toList()))
                    .forEach((what, samples) -> all.add(new Figure(user, what, samples))));
    int longest = all.stream().mapToInt(figure -> figure.samples.size()).max().orElse(0);
    // A process that was killed in between had hardly warmed up.
    return all.stream().filter(figure -> figure.samples.size() > longest / 2).toList();
  }
}
