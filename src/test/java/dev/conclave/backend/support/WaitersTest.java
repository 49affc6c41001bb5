package dev.conclave.backend.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.testing.ManualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** This client's waiters: numbers, notifications that are kept, and the end of patience. */
class WaitersTest {
  private static final LeaseKey KEY = LeaseKey.lock("key");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ManualScheduler scheduler = new ManualScheduler();
  private final Waiters waiters = new Waiters(scheduler);
  private final List<String> notified = new ArrayList<>();

  private long request(String token) {
    LeaseRequest.Waiter waiter = new LeaseRequest.Waiter(PATIENCE, () -> notified.add(token));
    return waiters.requested(KEY, token, waiter);
  }

  private void wake(long number) {
    waiters.wake(number);
    scheduler.run();
  }

  @Test
  void aRepeatedRequestKeepsItsNumber() {
    long number = request("a");
    assertThat(request("b")).isNotEqualTo(number);
    assertThat(request("a")).isEqualTo(number);
    assertThat(waiters.keyOf(number)).isEqualTo(KEY);
    assertThat(waiters.size()).isEqualTo(2);
  }

  @Test
  void aNotificationDuringARequestIsPassedOnAfterARefusal() {
    long number = request("a");
    request("a");
    wake(number);
    waiters.refused(KEY, "a");
    scheduler.run();
    assertThat(notified).as("one request is under way").isEmpty();
    waiters.refused(KEY, "a");
    scheduler.run();
    assertThat(notified).containsExactly("a");
    wake(number);
    assertThat(notified).containsExactly("a", "a");
  }

  @Test
  void aGrantDropsTheNotification() {
    long number = request("a");
    wake(number);
    waiters.granted(KEY, "a");
    wake(number);
    assertThat(notified).isEmpty();
    assertThat(waiters.isEmpty()).isTrue();
  }

  @Test
  void aWaiterThatHasLeftIsNotNotified() {
    long number = request("a");
    waiters.refused(KEY, "a");
    waiters.leave(KEY, "a");
    wake(number);
    assertThat(notified).isEmpty();
    assertThat(waiters.keyOf(number)).isNull();
  }

  @Test
  void allAreNotifiedWhenNotificationsMayHaveBeenLost() {
    request("a");
    request("b");
    waiters.refused(KEY, "a");
    waiters.refused(KEY, "b");
    waiters.wakeAll();
    assertThat(notified).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void aWaiterIsForgottenAfterItsPatienceAndTheTimerEnds() {
    request("a");
    waiters.refused(KEY, "a");
    scheduler.advance(PATIENCE);
    assertThat(waiters.size()).as("the store's clock may be slower").isEqualTo(1);
    scheduler.advance(PATIENCE);
    assertThat(waiters.size()).isZero();
    assertThat(scheduler.pending()).isZero();
    assertThat(request("a")).isEqualTo(2);
    scheduler.run();
    assertThat(scheduler.pending()).isEqualTo(1);
  }
}
