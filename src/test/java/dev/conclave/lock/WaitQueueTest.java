package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static dev.conclave.lock.LockFixture.failure;
import static dev.conclave.lock.LockFixture.request;
import static dev.conclave.testing.FaultyBackend.Op.ACQUIRE;
import static dev.conclave.testing.FaultyBackend.Op.OWNS;
import static dev.conclave.testing.FaultyBackend.Op.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Waiting for a lock: the order, the cost, and the end. */
class WaitQueueTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  private final LockFixture locks = new LockFixture();

  @Test
  void waitingOnALongLeaseMakesFewAttempts() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> waiting = locks.service.acquire(request("door", "me", 60_000));
    locks.pass(59_999);
    assertThat(waiting.isComplete()).isFalse();
    // Once at the start, and then the bounded fallback: no polling.
    assertThat(locks.backend.calls(ACQUIRE)).isBetween(2, 12);
    locks.pass(1);
    failure(waiting, ErrorCode.TIMEOUT);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void aNotificationWakesIt() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> waiting = locks.service.acquire(request("door", "me", 60_000));
    locks.pass(1_234);
    locks.strangerReleases("door");
    assertThat(done(waiting).getWaited()).isEqualTo(1_234);
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(2);
  }

  @Test
  void theHoldersExpiryWakesIt() {
    locks.heldByStranger("door", Duration.ofMillis(3_000));
    Future<LockGrant> waiting = locks.service.acquire(request("door", "me", 60_000));
    locks.pass(2_999);
    assertThat(waiting.isComplete()).isFalse();
    locks.pass(3);
    assertThat(done(waiting).getWaited()).isBetween(3_000L, 3_002L);
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(2);
  }

  @Test
  void aLostHintCostsTheFallbackAtMost() {
    locks.backend.dropHints();
    locks.heldByStranger("door", LONG);
    Future<LockGrant> waiting = locks.service.acquire(request("door", "me", 60_000));
    locks.pass(100);
    locks.strangerReleases("door");
    assertThat(waiting.isComplete()).isFalse();
    locks.pass(Duration.ofNanos(WaitQueue.FALLBACK).toMillis());
    done(waiting);
  }

  @Test
  void withEveryHintLostAQueueStillMovesAtTheExpiries() {
    locks.backend.dropHints();
    List<Future<LockGrant>> line = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      line.add(locks.service.acquire(request("door", "t" + i, 60_000).setLeaseDuration(1_000)));
    }
    locks.pass(3 * 1_002);
    assertThat(line).allMatch(Future::succeeded);
    assertThat(locks.backend.calls(ACQUIRE)).isLessThanOrEqualTo(8);
  }

  @Test
  void onlyTheFirstOfANameCompetes() {
    locks.heldByStranger("door", LONG);
    for (int i = 0; i < 500; i++) {
      locks.service.acquire(request("door").setWaitTimeout(60_000));
    }
    locks.pass(4_000);
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(1);
    assertThat(locks.backend.calls(OWNS)).isZero();
    locks.strangerReleases("door");
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(3);
  }

  @Test
  void waitersWithNewTokensCostNoReadOfTheStore() {
    locks.heldByStranger("door", LONG);
    DistributedLock lock = locks.lock("door", new LockOptions().setWaitTimeout(60_000));
    for (int i = 0; i < 500; i++) {
      lock.acquire();
    }
    locks.pass(4_000);
    assertThat(locks.service.waiting()).isEqualTo(500);
    assertThat(locks.backend.calls(OWNS)).isZero();
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(1);
  }

  @Test
  void aRetryIsReadAlthoughItsTokenWasNewBefore() {
    LockRequest first = request("door", "mine", 10_000).setNewToken(true);
    LockGrant grant = done(locks.service.acquire(first));
    LocalLockManager other =
        new LocalLockManager(null, locks.time, locks.backend, new LockServiceOptions());
    other.acquire(request("door", "other", 30_000).setNewToken(true));
    assertThat(locks.backend.calls(OWNS)).isZero();
    LockRequest retry = new LockRequest(first).setNewToken(false);
    assertThat(done(other.acquire(retry)).getFencingToken()).isEqualTo(grant.getFencingToken());
    assertThat(locks.backend.calls(OWNS)).isEqualTo(1);
  }

  @Test
  void grantsComeInTheOrderOfArrival() {
    locks.heldByStranger("door", LONG);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      int me = i;
      locks
          .service
          .acquire(request("door").setWaitTimeout(600_000))
          .onSuccess(
              grant -> {
                order.add(me);
                locks.time.execute(() -> locks.service.release("door", grant.getToken()));
              });
    }
    locks.strangerReleases("door");
    locks.pass(1);
    assertThat(order).isEqualTo(IntStream.range(0, 1_000).boxed().toList());
    locks.assertNothingLeft();
  }

  @Test
  void aLongQueueThatReleasesWithinItsOwnAnswersDoesNotOverflow() {
    locks.heldByStranger("door", LONG);
    List<Long> fences = new ArrayList<>();
    for (int i = 0; i < 9_000; i++) {
      locks
          .service
          .acquire(request("door").setWaitTimeout(600_000))
          .onSuccess(
              grant -> {
                fences.add(grant.getFencingToken());
                locks.service.release("door", grant.getToken());
              });
    }
    locks.strangerReleases("door");
    locks.pass(1);
    assertThat(fences).hasSize(9_000).isSorted().doesNotHaveDuplicates();
    locks.assertNothingLeft();
  }

  @Test
  void aHandlerMayRequestAgainAndQueuesBehindTheOthers() {
    List<String> order = new ArrayList<>();
    locks.heldByStranger("door", LONG);
    Future<LockGrant> first = locks.service.acquire(request("door", "a", 10_000));
    locks.service.acquire(request("door", "b", 10_000)).onSuccess(g -> order.add("b"));
    first.onSuccess(
        grant -> {
          order.add("a");
          locks.service.release("door", "a");
          locks.service.acquire(request("door", "c", 10_000)).onSuccess(g -> order.add("c"));
        });
    locks.strangerReleases("door");
    locks.pass(1);
    assertThat(order).containsExactly("a", "b");
    locks.service.release("door", "b");
    locks.pass(1);
    assertThat(order).containsExactly("a", "b", "c");
  }

  @Test
  void aHandlerOfATimeoutMayRequestAgain() {
    locks.heldByStranger("door", LONG);
    List<String> order = new ArrayList<>();
    locks
        .service
        .acquire(request("door", "a", 1_000))
        .onFailure(
            timeout ->
                locks
                    .service
                    .acquire(request("door", "a", 1_000))
                    .onSuccess(grant -> order.add("again")));
    locks.pass(1_500);
    locks.strangerReleases("door");
    assertThat(order).containsExactly("again");
  }

  @Test
  void aDeadlineIsExact() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> first = locks.service.acquire(request("door", "a", 2_500));
    Future<LockGrant> second = locks.service.acquire(request("door", "b", 777));
    locks.pass(776);
    assertThat(second.isComplete()).isFalse();
    locks.pass(1);
    failure(second, ErrorCode.TIMEOUT);
    locks.pass(2_500 - 778);
    assertThat(first.isComplete()).isFalse();
    locks.pass(1);
    failure(first, ErrorCode.TIMEOUT);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void aTimeoutNamesTheHolderAsItIsNow() {
    locks.heldByStranger("door", LONG);
    long fence =
        ((dev.conclave.backend.Lease)
                locks.memory.find(dev.conclave.backend.LeaseKey.lock("door")).result().get())
            .fencingToken();
    locks.pass(1_000);
    Future<LockGrant> first = locks.service.acquire(request("door", "a", 4_000));
    Future<LockGrant> behind = locks.service.acquire(request("door", "b", 3_000));
    locks.pass(4_000);
    JsonObject details = failure(behind, ErrorCode.TIMEOUT).getDebugInfo();
    assertThat(details)
        .isEqualTo(
            new JsonObject()
                .put("error", "TIMEOUT")
                .put("name", "door")
                .put("waitTimeout", 3_000L)
                .put("owner", "a stranger")
                .put("fencingToken", fence)
                .put("age", 4_000L)
                .put("remaining", 596_000L));
    assertThat(failure(first, ErrorCode.TIMEOUT).getDebugInfo().getLong("age")).isEqualTo(5_000);
    assertThat(first.cause())
        .hasMessage(
            "lock 'door' was not free within 4000 ms; last seen held by 'a stranger' for 5000 ms,"
                + " with 595000 ms left");
  }

  @Test
  void withoutWaitingThereIsOneTry() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> refused = locks.service.acquire(request("door", "a", 0));
    failure(refused, ErrorCode.TIMEOUT);
    assertThat(locks.backend.calls(ACQUIRE)).isEqualTo(1);
    assertThat(locks.backend.calls(RELEASE)).isZero();
    locks.strangerReleases("door");
    assertThat(locks.held("door")).isFalse();
    done(locks.service.acquire(request("door", "a", 0)));
    done(locks.service.release("door", "a"));
    locks.assertNothingLeft();
  }

  @Test
  void aRetryWithTheHoldersTokenKeepsTheFencingToken() {
    LockGrant grant = done(locks.service.acquire(request("door", "mine", 10_000)));
    assertThat(done(locks.service.acquire(request("door", "mine", 10_000))).getFencingToken())
        .isEqualTo(grant.getFencingToken());
    assertThat(done(locks.service.acquire(request("door", "mine", 0))).getFencingToken())
        .isEqualTo(grant.getFencingToken());
  }

  @Test
  void aRetryOfTheHolderDoesNotQueueBehindItsWaiters() {
    LockGrant grant = done(locks.service.acquire(request("door", "mine", 10_000)));
    Future<LockGrant> other = locks.service.acquire(request("door", "other", 30_000));
    LockGrant again = done(locks.service.acquire(request("door", "mine", 10_000)));
    assertThat(again.getFencingToken()).isEqualTo(grant.getFencingToken());
    assertThat(other.isComplete()).isFalse();
    done(locks.service.release("door", "mine"));
    locks.pass(1);
    done(other);
    done(locks.service.release("door", "other"));
    locks.assertNothingLeft();
  }

  @Test
  void aRetryAtAnotherServiceDoesNotQueueThere() {
    LockGrant grant = done(locks.service.acquire(request("door", "mine", 10_000)));
    LocalLockManager other =
        new LocalLockManager(null, locks.time, locks.backend, new LockServiceOptions());
    Future<LockGrant> waiting = other.acquire(request("door", "other", 30_000));
    assertThat(done(other.acquire(request("door", "mine", 10_000))).getFencingToken())
        .isEqualTo(grant.getFencingToken());
    assertThat(waiting.isComplete()).isFalse();
  }

  @Test
  void releaseEndsAWaitWithItsTokenAndLeavesNothing() {
    locks.heldByStranger("door", LONG);
    Future<LockGrant> first = locks.service.acquire(request("door", "a", 10_000));
    Future<LockGrant> second = locks.service.acquire(request("door", "b", 10_000));
    assertThat(done(locks.service.release("door", "b"))).isFalse();
    failure(second, ErrorCode.CLOSED);
    assertThat(done(locks.service.release("door", "a"))).isFalse();
    failure(first, ErrorCode.CLOSED);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void theFirstAfterALeaveMakesAnAttemptAtOnce() {
    locks.heldByStranger("door", LONG);
    locks.service.acquire(request("door", "a", 10_000));
    Future<LockGrant> second = locks.service.acquire(request("door", "b", 10_000));
    locks.service.release("door", "a");
    locks.pass(1);
    locks.strangerReleases("door");
    done(second);
  }

  @Test
  void tooManyWaitersAreRefusedAtOnce() {
    LockFixture few = new LockFixture(new LockServiceOptions().setMaxWaiters(2));
    few.heldByStranger("door", LONG);
    few.service.acquire(request("door", "a", 1_000));
    few.service.acquire(request("door", "b", 1_000));
    assertThat(failure(few.service.acquire(request("door", "c", 1_000)), ErrorCode.OVERLOADED))
        .hasMessageContaining("maxWaiters 2");
    failure(
        few.service.acquire(request("other", "d", 1_000).setName("door")), ErrorCode.OVERLOADED);
    failure(few.service.acquire(request("door", "e", 0)), ErrorCode.TIMEOUT);
    few.pass(1_000);
    assertThat(few.service.waiting()).isZero();
    done(few.service.acquire(request("window", "f", 1_000)));
  }

  @Test
  void aWaitLongerThanTheServiceAllowsIsRefused() {
    LockFixture brief = new LockFixture(new LockServiceOptions().setMaxWait(5_000));
    assertThat(failure(brief.service.acquire(request("door", "a", 5_001)), ErrorCode.INVALID))
        .hasMessageContaining("waitTimeout 5001")
        .hasMessageContaining("5000 ms, the maxWait");
  }

  @Test
  void closingFailsTheWaitersAndLeavesNothing() {
    locks.heldByStranger("door", LONG);
    List<Future<LockGrant>> waiting = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      waiting.add(locks.service.acquire(request(i < 3 ? "door" : "door", "t" + i, 10_000)));
    }
    done(locks.service.close());
    waiting.forEach(wait -> failure(wait, ErrorCode.CLOSED));
    failure(locks.service.acquire(request("door", "x", 10_000)), ErrorCode.CLOSED);
    failure(locks.service.release("door", "x"), ErrorCode.CLOSED);
    done(locks.service.close());
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void aHandlerOfAClosedWaitMayCloseAgain() {
    locks.heldByStranger("door", LONG);
    List<Future<Void>> closes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      locks
          .service
          .acquire(request("door", "t" + i, 10_000))
          .onFailure(closed -> closes.add(locks.service.close()));
    }
    Future<Void> close = locks.service.close();
    locks.time.run();
    done(close);
    assertThat(closes).hasSize(3).allMatch(Future::succeeded);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void manyWaitersWhoseTimeIsOverTogetherDoNotStormTheBackend() {
    locks.heldByStranger("door", LONG);
    List<Future<LockGrant>> waiting = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      waiting.add(locks.service.acquire(request("door").setWaitTimeout(1_000)));
    }
    locks.time.block(Duration.ofMillis(1_500));
    locks.time.run();
    waiting.forEach(wait -> failure(wait, ErrorCode.TIMEOUT));
    assertThat(locks.backend.calls(ACQUIRE)).isLessThan(4);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }
}
