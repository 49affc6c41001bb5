package dev.conclave.model.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.search.Search;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.Seed;
import dev.conclave.model.world.Violation.Kind;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the search of a scenario has to find, so that finding nothing means something. The searches
 * take a minute of one core or more, and their result is the same on every JDK: {@code
 * -DexcludedGroups=search} leaves them out.
 */
@Tag("search")
abstract class SeededBugsContract {
  final Search search;
  private final long horizon;

  /**
   * @param horizon longer than a lease, in milliseconds, and so long that what is late may find the
   *     lease free
   */
  SeededBugsContract(Search search, long horizon) {
    this.search = search;
    this.horizon = horizon;
  }

  @Test
  void itFindsAnExtendThatAcquires() {
    search.finds(Seed.EXTEND_ACQUIRES, Kind.RENEWED_AFTER_RELEASE, new Bounds(1, horizon));
  }

  @Test
  void itFindsValidityComputedFromTheAnswer() {
    search.finds(Seed.STAMPED_AT_THE_ANSWER, Kind.TWO_HOLDERS, new Bounds(1, horizon));
  }

  @Test
  void itFindsAFenceThatAReleaseResets() {
    search.finds(Seed.FENCE_RESET_AT_RELEASE, Kind.FENCE_NOT_GREATER, new Bounds(1, horizon));
  }

  /** That the store does it is not looked for: it has to be found by what comes of it. */
  @Test
  void itFindsAReleaseThatNeedsNoToken() {
    search.finds(
        Seed.RELEASE_WITHOUT_TOKEN,
        Kind.TWO_HOLDERS,
        new Bounds(1, horizon),
        Kind.RELEASED_FOR_A_STRANGER);
  }

  @Test
  void itFindsAClockBeyondTheMargin() {
    search.finds(Seed.NONE, Kind.TWO_HOLDERS, new Bounds(1, horizon).withRates(980, 1000));
  }

  @Test
  void cuttingKnownStatesShortLosesNone() {
    Bounds few = new Bounds(1, horizon / 2).ofProcesses(2);
    assertThat(search.run(few, Seed.NONE, Set.of(), true).states())
        .isEqualTo(search.run(few, Seed.NONE, Set.of(), false).states());
  }
}
