package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static dev.conclave.lock.LockFixture.failure;
import static dev.conclave.lock.LockFixture.request;
import static dev.conclave.testing.FaultyBackend.Op.ACQUIRE;
import static dev.conclave.testing.FaultyBackend.Op.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.testing.FaultyBackend.Op;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting while the backend fails, hangs, is late, or loses its answers. */
class WaitingInTroubleTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  private final LockFixture locks = new LockFixture();

  private FaultyBackend.Fault late(long before, long after) {
    return locks.backend.delay(Duration.ofMillis(before), Duration.ofMillis(after));
  }

  @Test
  void anErrorIsRetriedWithBackOffUntilTheDeadline() {
    locks.backend.on(ACQUIRE, FaultyBackend.fail());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 20_000));
    locks.pass(19_999);
    assertThat(waiting.isComplete()).isFalse();
    assertThat(locks.backend.calls(ACQUIRE)).isBetween(10, 40);
    locks.pass(1);
    assertThat(failure(waiting, ErrorCode.BACKEND_UNAVAILABLE)).hasMessage("the connection broke");
    locks.assertNothingLeft();
  }

  @Test
  void aBackendThatRecoversGrants() {
    locks.backend.on(ACQUIRE, FaultyBackend.fail());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 20_000));
    locks.pass(8_000);
    locks.backend.heal();
    locks.pass(2_000);
    assertThat(done(waiting).getWaited()).isBetween(8_000L, 10_000L);
  }

  @Test
  void allWaitersReportTheTroubleOfTheFirst() {
    locks.backend.on(ACQUIRE, FaultyBackend.fail());
    locks.service.acquire(request("door", "a", 20_000));
    Future<LockGrant> behind = locks.service.acquire(request("door", "b", 5_000));
    locks.pass(5_000);
    failure(behind, ErrorCode.BACKEND_UNAVAILABLE);
  }

  @Test
  void whenTheBackendAnswersAgainATimeoutIsATimeout() {
    locks.heldByStranger("door", LONG);
    locks.backend.on(ACQUIRE, FaultyBackend.fail());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 10_000));
    locks.pass(5_000);
    locks.backend.heal();
    locks.pass(5_000);
    failure(waiting, ErrorCode.TIMEOUT);
  }

  @Test
  void aDeadlineIsExactWhileAnAttemptHangs() {
    locks.backend.on(ACQUIRE, FaultyBackend.hang());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 1_500));
    Future<LockGrant> behind = locks.service.acquire(request("door", "b", 1_000));
    locks.pass(999);
    assertThat(behind.isComplete()).isFalse();
    locks.pass(1);
    failure(behind, ErrorCode.BACKEND_UNAVAILABLE);
    locks.pass(499);
    assertThat(waiting.isComplete()).isFalse();
    locks.pass(1);
    assertThat(failure(waiting, ErrorCode.BACKEND_UNAVAILABLE))
        .hasMessageContaining("lock 'door'")
        .hasMessageContaining("waitTimeout of 1500 ms");
    locks.assertNothingLeft();
  }

  @Test
  void anAttemptThatHangsForeverDoesNotDelayTheWait() {
    locks.backend.on(ACQUIRE, FaultyBackend.hang());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 60_000));
    locks.pass(1_000);
    locks.backend.heal();
    locks.pass(5_000);
    done(waiting);
  }

  @Test
  void anAnswerThatGotLostIsFoundAgainByTheNextTry() {
    locks.backend.on(ACQUIRE, FaultyBackend.loseAnswer());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 60_000));
    assertThat(locks.held("door")).isTrue();
    locks.pass(1_000);
    locks.backend.heal();
    locks.pass(2_000);
    done(waiting);
    done(locks.service.release("door", "a"));
    locks.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3_000})
  void aGrantWhoseAnswerWasLostIsReleased(long wait) {
    locks.backend.on(ACQUIRE, FaultyBackend.loseAnswer());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", wait));
    locks.pass(wait);
    failure(waiting, ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3_000})
  void aGrantWhoseAnswerNeverCameIsReleased(long wait) {
    locks.backend.on(ACQUIRE, FaultyBackend.executeAndHang());
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", wait));
    locks.pass(wait == 0 ? 5_000 : wait);
    failure(waiting, ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3_000})
  void anAttemptThatIsExecutedAfterItsReleaseIsReleasedAgain(long wait) {
    // The release overtakes it: a pool of connections may do that.
    locks.backend.on(ACQUIRE, late(8_000, 100));
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", wait));
    locks.pass(7_999);
    failure(waiting, ErrorCode.BACKEND_UNAVAILABLE);
    locks.pass(50);
    assertThat(locks.held("door")).isTrue();
    locks.pass(100);
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void aPositionTakenInTheQueueAfterTheWaitIsGivenUpToo() {
    locks.heldByStranger("door", LONG);
    locks.backend.on(ACQUIRE, late(1_500, 100));
    failureAfter(locks.service.acquire(request("door", "a", 1_000)), 1_000);
    locks.pass(700);
    locks.strangerReleases("door");
    // It is offered to no waiter: any client can acquire it.
    locks.backend.heal();
    done(locks.service.acquire(request("door", "b", 0)));
    done(locks.service.release("door", "b"));
    locks.assertNothingLeft();
  }

  private void failureAfter(Future<?> future, long millis) {
    locks.pass(millis);
    assertThat(future.failed()).isTrue();
  }

  @Test
  void noGrantAfterItsOwnDeadline() {
    locks.backend.on(ACQUIRE, late(0, 2_000));
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 1_000));
    locks.pass(1_000);
    assertThat(waiting.failed()).isTrue();
    assertThat(locks.held("door")).isFalse();
    locks.pass(5_000);
    locks.assertNothingLeft();
  }

  @Test
  void aGrantThatMeetsABlockedLoopAfterTheDeadlineIsReleased() {
    locks.backend.on(ACQUIRE, late(0, 500));
    Future<LockGrant> waiting = locks.service.acquire(request("door", "a", 1_000));
    locks.time.block(Duration.ofMillis(1_500)); // answer and deadline are due; the answer is first
    locks.time.run();
    assertThat(waiting.failed()).isTrue();
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void aGrantThatIsOverWhenItArrivesIsReleasedAndTheWaitGoesOn() {
    locks.backend.on(ACQUIRE, late(0, 300));
    Future<LockGrant> waiting =
        locks.service.acquire(request("door", "a", 3_000).setLeaseDuration(300));
    locks.pass(300);
    assertThat(waiting.isComplete()).isFalse();
    assertThat(locks.backend.calls(RELEASE)).isEqualTo(1);
    int calls = locks.backend.calls(ACQUIRE);
    locks.backend.heal();
    locks.pass(1_000);
    done(waiting);
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(calls + 1);
  }

  @Test
  void aLateAnswerOfAnOlderLeaseDoesNotReleaseTheNewerOneThatWasHandedOut() {
    locks.backend.on(ACQUIRE, locks.backend.delay(Duration.ZERO, Duration.ofSeconds(7)));
    Future<LockGrant> waiting =
        locks.service.acquire(request("door", "a", 20_000).setLeaseDuration(3_000));
    locks.pass(4_000); // its lease is over; the answer is given up a second later
    locks.backend.heal();
    locks.pass(2_000);
    done(waiting);
    assertThat(locks.backend.calls(RELEASE)).isZero();
    locks.pass(1_000);
    assertThat(locks.backend.calls(RELEASE)).isZero();
    assertThat(locks.held("door")).isTrue();
  }

  @Test
  void anAttemptThatIsExecutedAfterTheHandedOutLeaseHasEndedIsReleased() {
    locks.backend.on(ACQUIRE, locks.backend.delay(Duration.ofMillis(9_000), Duration.ZERO));
    Future<LockGrant> acquiring = locks.service.acquire(request("door", "mine", 20_000));
    locks.backend.heal(ACQUIRE);
    locks.pass(6_000);
    long fence = done(acquiring).getFencingToken();
    assertThat(done(locks.service.release("door", "mine"))).isTrue();
    locks.pass(2_900);
    assertThat(locks.held("door")).isFalse();
    locks.pass(200);
    assertThat(locks.held("door")).as("the lease of the late attempt").isFalse();
    assertThat(done(locks.service.acquire(request("door", "next", 0))).getFencingToken())
        .as("there was a lease in between")
        .isGreaterThan(fence + 1);
  }

  @Test
  void aBackendAlwaysTooSlowForTheLeaseIsDistinguishedFromATimeout() {
    locks.backend.on(ACQUIRE, late(0, 300));
    Future<LockGrant> waiting =
        locks.service.acquire(request("door", "a", 30_000).setLeaseDuration(250));
    Future<LockGrant> once = locks.service.acquire(request("other", "a", 0).setLeaseDuration(250));
    locks.pass(30_000);
    failure(waiting, ErrorCode.BACKEND_UNAVAILABLE);
    failure(once, ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(locks.backend.calls(ACQUIRE)).isLessThan(40);
    locks.assertNothingLeft();
  }

  @Test
  void aReleaseStillOnItsWayDoesNotEndTheNextLeaseOfItsToken() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> first = locks.service.acquire(request("door", "a", 1_000));
    locks.backend.on(RELEASE, late(500, 0));
    locks.pass(1_000);
    failure(first, ErrorCode.TIMEOUT);
    locks.strangerReleases("door");
    Future<LockGrant> retry = locks.service.acquire(request("door", "a", 5_000));
    locks.pass(2_000);
    done(retry);
    assertThat(locks.memory.owns(LeaseKey.lock("door"), "a").result()).isTrue();
  }

  @Test
  void lateGrantsAfterCancelAndCloseAreReleased() {
    locks.backend.on(ACQUIRE, late(0, 500));
    Future<LockGrant> cancelled = locks.service.acquire(request("door", "a", 3_000));
    Future<LockGrant> closed = locks.service.acquire(request("window", "b", 3_000));
    Future<Boolean> release = locks.service.release("door", "a");
    assertThat(done(release)).as("it was granted in the store").isTrue();
    failure(cancelled, ErrorCode.CLOSED);
    Future<Void> close = locks.service.close();
    failure(closed, ErrorCode.CLOSED);
    assertThat(close.isComplete()).as("an attempt is still under way").isFalse();
    locks.pass(500);
    done(close);
    assertThat(locks.held("door")).isFalse();
    assertThat(locks.held("window")).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void closingWaitsForReleasesButNotForever() {
    locks.heldByStranger("door", LONG);
    locks.service.acquire(request("door", "a", 3_000));
    locks.backend.on(RELEASE, FaultyBackend.hang());
    locks.pass(3_000);
    Future<Void> close = locks.service.close();
    locks.pass(4_999);
    assertThat(close.isComplete()).isFalse();
    locks.pass(1);
    done(close);
  }

  @Test
  void errorsThatNoRetryHealsEndTheWaitAtOnce() {
    locks.heldByStranger("door", LONG);
    List<Future<LockGrant>> waiting =
        List.of(
            locks.service.acquire(request("door", "a", 10_000)),
            locks.service.acquire(request("door", "b", 10_000)));
    locks.memory.close();
    locks.pass(6_000);
    waiting.forEach(wait -> failure(wait, ErrorCode.CLOSED));
    assertThat(locks.service.queues()).isZero();
  }

  @Test
  void everyCallIsBoundedAndFailsWithACode() {
    locks.backend.onAll(FaultyBackend.hang());
    List<Future<?>> calls = everyCall();
    locks.pass(4_999);
    assertThat(calls).noneMatch(Future::isComplete);
    locks.pass(1);
    calls.forEach(
        call ->
            assertThat(failure(call, ErrorCode.BACKEND_UNAVAILABLE))
                .hasMessageContaining("5000 ms (backendTimeout)"));
    locks.assertNothingLeft();
  }

  @Test
  void aRequestWithATokenThatIsBeingReleasedEndsWithinTheTimeoutToo() {
    locks.backend.onAll(FaultyBackend.hang());
    Future<LockGrant> first = locks.service.acquire(request("door", "t", 0));
    locks.pass(5_000);
    failure(first, ErrorCode.BACKEND_UNAVAILABLE);
    Future<LockGrant> second = locks.service.acquire(request("door", "t", 0));
    locks.pass(4_999);
    assertThat(second.isComplete()).isFalse();
    locks.pass(1);
    failure(second, ErrorCode.BACKEND_UNAVAILABLE);
    locks.pass(10_000);
    locks.assertNothingLeft();
  }

  @Test
  void everyFailureAndExceptionOfABackendBecomesACode() {
    locks.backend.onAll(FaultyBackend.throwing(new IllegalStateException("a bug")));
    everyCall()
        .forEach(
            call ->
                assertThat(failure(call, ErrorCode.BACKEND_UNAVAILABLE))
                    .hasMessageContaining("a bug"));
    Future<LockGrant> waiting = locks.service.acquire(request("door", "t", 1_000));
    locks.pass(1_000);
    failure(waiting, ErrorCode.BACKEND_UNAVAILABLE);
    for (Op op : Op.values()) {
      locks.backend.heal(op);
    }
    locks.assertNothingLeft();
  }

  private List<Future<?>> everyCall() {
    LocalLockManager service = locks.service;
    return List.of(
        service.acquire(request("door", "t", 0)),
        service.extend("door", "t", 1_000),
        service.release("door", "t"),
        service.locked("door"),
        service.owned("door", "t"),
        service.find("door"),
        service.list("", null, 10),
        service.revoke("door"));
  }
}
