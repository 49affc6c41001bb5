package dev.conclave.model.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.model.search.Search;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.Seed;
import dev.conclave.model.world.Violation.Kind;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long waits at a service whose clock, like the caller's and the holder's, is 1 % fast or slow. */
@Tag("search")
class LongWaitModelTest {
  private static Search search(long wait, boolean forgetsDrift) {
    return new Search("a long wait", () -> new LongWaitScenario(wait, forgetsDrift));
  }

  private static Bounds bounds(long wait, int faults) {
    return new Bounds(faults, new LongWaitScenario(wait, false).horizon()).withDrift();
  }

  @ParameterizedTest
  @ValueSource(longs = {10_000, 60_000})
  void noOtherClientHoldsIt(long wait) {
    assertThat(search(wait, false).findsNothing(bounds(wait, 0)).executions()).isGreaterThan(15);
  }

  @ParameterizedTest
  @ValueSource(longs = {10_000, 60_000})
  void itFindsADriftThatIsForgotten(long wait) {
    Search search = search(wait, true);
    assertThat(search.run(bounds(wait, 0), Seed.NONE, Set.of(), true).violation().kind())
        .isEqualTo(Kind.TWO_HOLDERS);
  }
}
