package dev.conclave.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  private final ManualScheduler scheduler = new ManualScheduler();
  private final Deadline deadline = new Deadline(scheduler, Duration.ofMillis(100));
  private final Promise<String> call = Promise.promise();
  private final List<String> late = new ArrayList<>();

  private Future<String> bound() {
    return deadline.bound(
        call.future(), () -> deadline.failure("the server"), outcome -> late.add(outcome.result()));
  }

  @Test
  void theOutcomeInTimeIsTheCalls() {
    Future<String> bound = bound();
    scheduler.advance(Duration.ofMillis(99));
    call.complete("x");
    scheduler.advance(Duration.ofMillis(99));
    assertThat(bound.result()).isEqualTo("x");
    assertThat(late).isEmpty();
  }

  @Test
  void aFailureInTimeIsTheCalls() {
    Future<String> bound = bound();
    call.fail("broken");
    scheduler.advance(Duration.ZERO);
    assertThat(bound.cause()).hasMessage("broken");
  }

  @Test
  void withoutAnOutcomeInTimeItFailsAndTheLateOutcomeIsPassedOn() {
    Future<String> bound = bound();
    scheduler.advance(Duration.ofMillis(99));
    assertThat(bound.isComplete()).isFalse();
    assertThat(deadline.left()).isEqualTo(1_000_000);
    scheduler.advance(Duration.ofMillis(1));
    assertThat(deadline.isOver()).isTrue();
    assertThat(bound.cause())
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("no answer from the server within 100 ms");
    call.complete("x");
    scheduler.advance(Duration.ZERO);
    assertThat(late).containsExactly("x");
  }

  @Test
  void aCallThatHasEndedIsNotBounded() {
    call.complete("x");
    scheduler.advance(Duration.ofMillis(200));
    assertThat(bound().result()).isEqualTo("x");
  }
}
