package dev.conclave.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.memory.MemoryBackendFactory;
import dev.conclave.examples.SharedMapBackend;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A backend whose test does not say what it lacks fails soon, with the name of the method. */
class ContractSwitchesTest {
  /** One that does not hand over and does not say so. */
  private static final class WithoutQueue extends SyncBackendContract {
    @Override
    protected SyncBackend open(Vertx vertx) {
      return new SharedMapBackend(vertx, "leases-" + UUID.randomUUID(), Clock.systemUTC());
    }

    @Override
    protected boolean sharesStore() {
      return false;
    }
  }

  /** One that lives in one process and does not say so. */
  private static final class Alone extends SyncBackendContract {
    @Override
    protected SyncBackend open(Vertx vertx) {
      return new MemoryBackendFactory().create(vertx, new JsonObject().put("type", "memory"));
    }
  }

  private static Stream<Consumer<SyncBackendContract>> rulesOfHandOver() {
    return Stream.of(
        WaitersContract::aWaitersTurnComesOnRelease,
        WaitersContract::aWaitersTurnComesOnRevoke,
        WaitersContract::anOfferIsForTheFirstWaiterOnly,
        WaitersContract::leavingGivesUpAnOffer,
        WaitersContract::anUnclaimedOfferLapsesSoonAndGoesToTheNext,
        WaitersContract::releaseGivesUpAPositionInTheQueueAndAnOffer);
  }

  @ParameterizedTest
  @MethodSource("rulesOfHandOver")
  void aBackendThatDoesNotHandOverMustSaySo(Consumer<SyncBackendContract> rule) {
    assertFails(new WithoutQueue(), rule, "handsOver()");
  }

  @Test
  void aBackendOfOneProcessMustSaySo() {
    assertFails(new Alone(), LeaseContract::whatOneBackendWritesAnotherSees, "sharesStore()");
  }

  private static void assertFails(
      SyncBackendContract suite, Consumer<SyncBackendContract> rule, String method) {
    suite.openBackend();
    try {
      // Long before a test gives up waiting, which is after a minute.
      Assertions.assertTimeout(
          Duration.ofSeconds(30),
          () ->
              assertThatThrownBy(() -> rule.accept(suite))
                  .isInstanceOf(AssertionError.class)
                  .hasMessageContaining(method));
    } finally {
      suite.closeBackends();
    }
  }
}
