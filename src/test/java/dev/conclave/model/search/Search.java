package dev.conclave.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.election.LeaderElection;
import dev.conclave.model.search.Explorer.Result;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.Scenario;
import dev.conclave.model.world.Seed;
import dev.conclave.model.world.Violation;
import dev.conclave.model.world.World;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Searches of one scenario, and what they print.
 *
 * <p>{@code -Dmodel.deeper=1} allows every search one fault more, and clocks that run exactly as
 * fast as the store's in addition to fast and slow ones.
 */
public final class Search {
  private static final int DEEPER = Integer.getInteger("model.deeper", 0);

  private final String name;
  private final Supplier<Scenario> scenario;

  public Search(String name, Supplier<Scenario> scenario) {
    this.name = name;
    this.scenario = scenario;
  }

  /** Everything within the bounds is tried and nothing is found. */
  public Result findsNothing(Bounds within) {
    Bounds bounds = within.deeper(DEEPER);
    Result result = run(bounds, Seed.NONE, Set.of(), true);
    assertThat(result.violation()).as(() -> String.join("\n", result.trace())).isNull();
    assertThat(result.complete()).as("everything within the bounds was tried").isTrue();
    return result;
  }

  /** The bug leads to a violation of this kind, within these bounds; with the fewest faults. */
  public void finds(Seed seed, Violation.Kind kind, Bounds bounds, Violation.Kind... excused) {
    Result result = null;
    for (int faults = 0; faults <= bounds.faults(); faults++) {
      result = run(bounds.withFaults(faults), seed, Set.of(excused), true);
      if (result.violation() != null) {
        result.trace().forEach(System.out::println);
        System.out.println("                " + result.violation());
        break;
      }
    }
    assertThat(result.violation()).as("a violation by " + seed).isNotNull();
    assertThat(result.violation().kind()).isEqualTo(kind);
    assertThat(result.trace()).as("what led to it").isNotEmpty();
  }

  public Result run(Bounds bounds, Seed seed, Set<Violation.Kind> excused, boolean remembers) {
    Logger quiet = Logger.getLogger(LeaderElection.class.getName());
    Level before = quiet.getLevel();
    quiet.setLevel(Level.OFF);
    try {
      long began = System.nanoTime();
      Result result =
          new Explorer(log -> new World(bounds, scenario.get(), seed, excused, log), remembers)
              .explore();
      System.out.printf(
          "model of %s, %s, bug %s: %,d executions, %,d states, %,d steps (longest %d), %s, %d ms%n",
          name,
          bounds,
          seed,
          result.executions(),
          result.states(),
          result.steps(),
          result.longest(),
          result.complete() ? "complete" : "ended by " + result.violation().kind(),
          (System.nanoTime() - began) / 1_000_000);
      return result;
    } finally {
      quiet.setLevel(before);
    }
  }
}
