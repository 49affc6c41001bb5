package dev.conclave.election;

import static dev.conclave.election.ElectionFixture.KEY;
import static dev.conclave.election.ElectionFixture.assertDone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.election.ElectionFixture.Worker;
import dev.conclave.election.ScriptedBackend.Call;
import dev.conclave.election.ScriptedBackend.Fault;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * One election, case by case: lease 15 s, renew deadline 10 s, retry interval 2 s, backend timeout
 * 5 s, no jitter, on simulated time.
 */
class LeaderElectionTableTest {
  private final CapturedLog log = CapturedLog.of(LeaderElection.class);
  private final ElectionFixture fixture = new ElectionFixture();

  /** Whatever happened: after a stop, no worker leads, and no timer, watch or record is left. */
  @AfterEach
  void everythingEnds() {
    fixture.workers.forEach(w -> w.backend.onAll(Fault.NONE));
    fixture.workers.forEach(w -> w.election.close());
    fixture.seconds(60);
    for (Worker worker : fixture.workers) {
      assertThat(worker.election.close().isComplete()).isFalse(); // answers are never within a call
      assertThat(worker.leads()).isFalse();
      assertThat(worker.backend.watches()).isZero();
      long begun = worker.reasons().stream().filter("elected"::equals).count();
      long ended = worker.bus.stream().filter(e -> e.getReason().isEnd()).count();
      assertThat(ended).isEqualTo(begun);
    }
    fixture.time.run();
    assertThat(fixture.time.pending()).as("timers").isZero();
    log.close();
  }

  // ---- who leads

  @Test
  void theFirstCandidateLeadsAtOnce() {
    Worker a = fixture.worker("a").start();
    assertThat(a.leads()).isTrue();
    assertThat(a.election.leader()).isEqualTo("a");
    assertThat(a.election.fencingToken()).hasValue(a.last().getFencingToken());
    assertThat(a.reasons()).containsExactly("elected");
  }

  @Test
  void theSecondFollowsAndKnowsTheLeader() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    assertThat(b.leads()).isFalse();
    assertThat(b.election.leader()).isEqualTo("a");
    assertThat(b.election.fencingToken()).isEmpty();
    assertThat(b.last().toJson())
        .isEqualTo(
            new JsonObject()
                .put("election", "orders")
                .put("worker", "b")
                .put("leading", false)
                .put("leader", "a")
                .put("fencingToken", a.last().getFencingToken())
                .put("reason", "observed")
                .put("at", fixture.time.now().toString()));
    fixture.seconds(300);
    assertThat(a.reasons()).containsExactly("elected");
    assertThat(b.reasons()).containsExactly("observed");
  }

  @Test
  void aLiveForeignLeaseIsNeverTaken() {
    fixture.foreign(Duration.ofSeconds(100));
    Worker a = fixture.worker("a").start();
    fixture.seconds(99.9);
    assertThat(a.reasons()).containsExactly("observed");
    assertThat(a.election.leader()).isEqualTo("foreigner");
  }

  @Test
  void anExpiredLeaseIsTakenWithinMilliseconds() {
    long fence = fixture.foreign(Duration.ofMillis(7_777));
    Worker a = fixture.worker("a").start();
    fixture.seconds(7.777);
    assertThat(a.leads()).isFalse();
    fixture.seconds(0.005);
    assertThat(a.leads()).isTrue();
    assertThat(a.last().getFencingToken()).isGreaterThan(fence);
  }

  @Test
  void aCrashedLeaderIsReplacedAtItsExpiry() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    fixture.seconds(60);
    a.backend.onAll(Fault.HANGS_ON_THE_WAY);
    fixture.seconds(13);
    assertThat(a.leads()).isFalse();
    assertThat(b.leads()).isFalse();
    fixture.seconds(2.01);
    assertThat(b.leads()).isTrue();
  }

  @Test
  void twoWorkersOfOneNameCannotBothLead() {
    Worker a = fixture.worker("same").start();
    Worker b = fixture.worker("same").start();
    for (int i = 0; i < 100; i++) {
      fixture.seconds(1);
      assertThat(a.leads()).isTrue();
      assertThat(b.leads()).isFalse();
    }
    assertThat(b.election.leader()).isEqualTo("same");
  }

  @Test
  void theLeaseShowsWorkerAndMetadata() {
    fixture.worker("a", o -> o.setMetadata(new JsonObject().put("url", "http://a"))).start();
    assertThat(fixture.store.find(KEY).result().orElseThrow())
        .returns("a", lease -> lease.owner())
        .returns(new JsonObject().put("url", "http://a"), lease -> lease.metadata());
  }

  // ---- renewing

  @Test
  void theLeaderRenewsEveryRetryInterval() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    long before = a.backend.count(Call.EXTEND);
    fixture.seconds(60);
    assertThat(a.backend.count(Call.EXTEND) - before).isEqualTo(30);
    assertThat(a.backend.count(Call.ACQUIRE)).isEqualTo(1);
  }

  @Test
  void jitterShortensThePausesAndNeverLengthensThem() {
    LeaderElectionOptions options = new LeaderElectionOptions("orders");
    assertThat(new Timing(options, () -> 0).nextRetry()).isEqualTo(Duration.ofSeconds(2).toNanos());
    assertThat(new Timing(options, () -> 1).nextRetry())
        .isEqualTo(Duration.ofMillis(1800).toNanos());
  }

  @Test
  void failuresBeforeTheDeadlineAreNoLoss() {
    Worker a = fixture.worker("a").start();
    for (int i = 0; i < 20; i++) {
      a.backend.onAll(i % 3 == 0 ? Fault.NONE : Fault.FAILS);
      fixture.seconds(2);
    }
    assertThat(a.reasons()).containsExactly("elected");
  }

  @Test
  void callsThatFailUntilTheDeadlineEndIt() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(3);
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(8.999); // the last good renewal was sent at 2 s
    assertThat(a.leads()).isTrue();
    fixture.seconds(0.001);
    assertThat(a.leads()).isFalse();
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    assertThat(a.election.leader()).isNull();
    assertThat(a.election.fencingToken()).isEmpty();
  }

  @Test
  void callsThatHangUntilTheDeadlineEndIt() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(3);
    a.backend.onAll(Fault.HANGS_ON_THE_WAY);
    fixture.seconds(8.999);
    assertThat(a.leads()).isTrue();
    fixture.seconds(0.001);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
  }

  @Test
  void callsThatThrowUntilTheDeadlineEndIt() {
    Worker a = fixture.worker("a").start();
    a.backend.onAll(Fault.THROWS);
    fixture.seconds(10);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    a.backend.onAll(Fault.NONE);
    fixture.seconds(10);
    assertThat(a.leads()).isTrue();
  }

  @Test
  void theDeadlineCountsFromTheSendingOfARenewal() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.HANGS_ON_THE_WAY_BACK);
    fixture.seconds(4); // sent at 2 s
    a.backend.onAll(Fault.FAILS).deliver(); // answered at 5 s
    fixture.seconds(6.999);
    assertThat(a.leads()).isTrue();
    fixture.seconds(0.001);
    assertThat(a.leads()).isFalse();
  }

  @Test
  void anAnswerAfterTheDeadlineChangesNothing() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.onAll(Fault.HANGS_ON_THE_WAY_BACK);
    fixture.seconds(9);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    a.backend.onAll(Fault.FAILS).deliver();
    fixture.time.run();
    assertThat(a.leads()).isFalse();
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
  }

  @Test
  void aLateAnswerOfAnOlderRenewalChangesNothing() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.HANGS_ON_THE_WAY_BACK);
    fixture.seconds(7); // sent at 2 s, given up at 7 s, the next is under way
    assertThat(a.backend.hanging()).isEqualTo(2);
    fixture.store.revoke(KEY);
    a.backend.onAll(Fault.NONE).deliver();
    assertThat(a.leads()).as("the first says yes and the second, too: both are old").isTrue();
    fixture.seconds(2);
    assertThat(a.reasons()).startsWith("elected", "lost");
  }

  @Test
  void oneHungCallDoesNotKeepTheNextOneBack() {
    Worker a = fixture.worker("a").start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.HANGS_ON_THE_WAY);
    fixture.seconds(2);
    a.backend.on(Call.EXTEND, Fault.NONE);
    fixture.seconds(30);
    assertThat(a.reasons()).containsExactly("elected");
  }

  @Test
  void aRevokedLeaderLosesAtOnce() {
    Worker a = fixture.worker("a").start();
    fixture.seconds(1);
    long first = a.last().getFencingToken();
    fixture.store.revoke(KEY);
    fixture.seconds(0.01);
    assertThat(a.reasons()).containsExactly("elected", "lost", "elected");
    assertThat(a.last().getFencingToken()).isGreaterThan(first);
  }

  @Test
  void aRevokedLeaderWithoutHintsLosesAtItsNextRenewal() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    fixture.store.revoke(KEY);
    fixture.foreign(Duration.ofSeconds(60));
    fixture.seconds(0.9);
    assertThat(a.leads()).isTrue();
    fixture.seconds(0.1);
    assertThat(a.reasons()).containsExactly("elected", "lost", "observed");
    assertThat(a.election.leader()).isEqualTo("foreigner");
  }

  @Test
  void leadershipComesBackWhenTheBackendDoes() {
    Worker a = fixture.worker("a").start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(3_600);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    a.backend.onAll(Fault.NONE);
    fixture.seconds(2);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed", "elected");
  }

  @Test
  void aBackendThatIsAwayAtFirstIsTriedForever() {
    Worker a = fixture.worker("a");
    a.backend.onAll(Fault.FAILS);
    a.start();
    fixture.seconds(600);
    a.backend.onAll(Fault.NONE);
    fixture.seconds(2);
    assertThat(a.leads()).isTrue();
  }

  @Test
  void whenRenewalFailsTheLeaseIsReleasedForOthers() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    a.backend.on(Call.EXTEND, Fault.FAILS);
    fixture.seconds(10.001);
    assertThat(a.reasons()).startsWith("elected", "renewal-failed");
    assertThat(b.leads()).isTrue();
  }

  @Test
  void whenRenewalWorksAndReleaseFailsTheLeaseExpires() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    fixture.seconds(20);
    a.backend.on(Call.RELEASE, Fault.FAILS);
    Future<Void> stopped = a.election.close();
    fixture.seconds(0.1);
    assertDone(stopped);
    assertThat(a.reasons()).containsExactly("elected", "stopped");
    fixture.seconds(12);
    assertThat(b.leads()).isFalse();
    fixture.seconds(3);
    assertThat(b.leads()).isTrue();
  }

  @Test
  void theRestOfItsOwnTermDoesNotCountAsLeadership() {
    Worker a = fixture.worker("a").start();
    a.backend.on(Call.EXTEND, Fault.FAILS).on(Call.RELEASE, Fault.FAILS);
    fixture.seconds(13);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    assertThat(a.election.leader()).isNull();
    fixture.seconds(2.1);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed", "elected");
  }

  // ---- grants that come late

  @Test
  void aGrantThatComesTooLateIsReleased() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.HANGS_ON_THE_WAY_BACK);
    Future<Void> started = a.election.start();
    fixture.time.run();
    assertDone(started);
    fixture.time.block(Duration.ofSeconds(11)); // the loop is blocked: no timer has given it up
    a.backend.on(Call.ACQUIRE, Fault.NONE).deliver();
    assertThat(a.leads()).isFalse();
    assertThat(fixture.store.find(KEY).result()).isEmpty();
    fixture.seconds(2);
    assertThat(a.reasons()).containsExactly("elected");
  }

  @Test
  void anUnknownOutcomeIsClearedByAskingAgainWithTheSameToken() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.FAILS_AFTERWARDS);
    a.start();
    assertThat(a.leads()).isFalse();
    a.backend.on(Call.ACQUIRE, Fault.NONE);
    fixture.seconds(2);
    assertThat(a.leads()).isTrue();
    assertThat(a.backend.tokens).hasSize(2).containsOnly(a.backend.tokens.get(0));
  }

  @Test
  void theLateGrantOfARunningTermIsLeftAlone() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.HANGS_ON_THE_WAY);
    a.start();
    fixture.seconds(5);
    a.backend.on(Call.ACQUIRE, Fault.NONE);
    fixture.seconds(6);
    assertThat(a.leads()).isTrue();
    a.backend.deliver();
    fixture.seconds(30);
    assertThat(a.reasons()).containsExactly("elected");
    assertThat(a.backend.count(Call.RELEASE)).isZero();
  }

  // ---- requests that a paused store carries out after they were given up

  @Test
  void aRenewalThatIsCarriedOutAfterItsTermDoesNotKeepItsOwnWorkerOut() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.CARRIED_OUT_LATER).on(Call.RELEASE, Fault.FAILS);
    fixture.seconds(13); // the term has ended at 10 s, the lease runs until 15 s
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    a.backend.onAll(Fault.NONE).deliver();
    fixture.seconds(2);
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed", "elected");
  }

  @Test
  void aRenewalThatIsCarriedOutAfterItsTermDoesNotKeepOthersOut() {
    Worker a = fixture.worker("a").deaf().start();
    Worker b = fixture.worker("b").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.CARRIED_OUT_LATER).on(Call.RELEASE, Fault.FAILS);
    fixture.seconds(10);
    a.election.resign(Duration.ofSeconds(600));
    fixture.seconds(3);
    a.backend.onAll(Fault.NONE).deliver();
    fixture.seconds(4);
    assertThat(a.reasons()).startsWith("elected", "renewal-failed");
    assertThat(b.leads()).isTrue();
  }

  @Test
  void aRenewalThatIsAnsweredAfterItsTermIsReleased() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.HANGS_ON_THE_WAY).on(Call.RELEASE, Fault.FAILS);
    fixture.seconds(1.5);
    fixture.time.block(Duration.ofSeconds(8));
    fixture.time.run();
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
    a.backend.onAll(Fault.FAILS).on(Call.RELEASE, Fault.NONE).deliver();
    fixture.time.run();
    assertThat(fixture.store.find(KEY).result()).isEmpty();
  }

  @Test
  void anAcquireThatIsCarriedOutAfterItsCandidacyDoesNotKeepItsOwnWorkerOut() {
    Worker a = fixture.worker("a").deaf();
    a.backend.on(Call.ACQUIRE, Fault.CARRIED_OUT_LATER);
    a.start();
    assertDoneSoon(a.election.resign(Duration.ofSeconds(3)));
    a.backend.onAll(Fault.NONE).deliver();
    assertThat(fixture.store.find(KEY).result()).isPresent();
    fixture.seconds(5.1);
    assertThat(a.leads()).isTrue();
  }

  @Test
  void anotherWorkerOfTheSameLabelCostsFewReleases() {
    Worker a = fixture.worker("same").deaf();
    a.backend.on(Call.ACQUIRE, Fault.FAILS);
    a.start();
    assertDoneSoon(a.election.resign(Duration.ofSeconds(1)));
    a.backend.onAll(Fault.NONE);
    Worker b = fixture.worker("same").deaf().start();
    fixture.seconds(60);
    assertThat(b.reasons()).containsExactly("elected");
    assertThat(a.backend.count(Call.RELEASE)).isLessThanOrEqualTo(2);
  }

  @Test
  void everyTermHasATokenOfItsOwn() {
    Worker a = fixture.worker("a").start();
    for (int i = 0; i < 3; i++) {
      assertDoneSoon(a.election.resign(Duration.ofSeconds(1)));
      fixture.seconds(5);
    }
    assertThat(a.backend.tokens).hasSize(4).doesNotHaveDuplicates();
  }

  @Test
  void stopDuringAnAcquireInFlightCleansUpItsGrant() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.HANGS_ON_THE_WAY_BACK);
    a.start();
    Future<Void> stopped = a.election.close();
    fixture.seconds(1);
    assertThat(stopped.isComplete()).isFalse();
    a.backend.deliver();
    fixture.time.run();
    assertDone(stopped);
    assertThat(a.reasons()).isEmpty();
    assertThat(fixture.store.find(KEY).result()).isEmpty();
  }

  @Test
  void stopDuringAHungAcquireIsBoundedAndALateGrantIsReleased() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.HANGS_ON_THE_WAY);
    a.start();
    Future<Void> stopped = a.election.close();
    fixture.seconds(5);
    assertDone(stopped);
    a.backend.deliver();
    fixture.time.run();
    assertThat(a.reasons()).isEmpty();
    assertThat(fixture.store.find(KEY).result()).isEmpty();
  }

  @Test
  void resignDuringAnAcquireInFlightCleansUpItsGrant() {
    Worker a = fixture.worker("a");
    a.backend.on(Call.ACQUIRE, Fault.HANGS_ON_THE_WAY_BACK);
    a.start();
    Future<Void> resigned = a.election.resign(Duration.ofSeconds(60));
    fixture.seconds(1);
    a.backend.on(Call.ACQUIRE, Fault.NONE).deliver();
    fixture.time.run();
    assertDone(resigned);
    assertThat(a.reasons()).isEmpty();
    assertThat(fixture.store.find(KEY).result()).isEmpty();
  }

  // ---- the loop is blocked

  @Test
  void aBlockedLeaderDoesNotBelieveInItselfBeforeAnyCodeRuns() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    assertThat(a.election.isLeaderConfirmedWithin(Duration.ofSeconds(3))).isTrue();
    fixture.time.block(Duration.ofSeconds(9));
    assertThat(a.leads()).isFalse();
    assertThat(a.election.fencingToken()).isEmpty();
    assertThat(a.election.leader()).isNull();
    assertThat(a.election.status().result().isLeading()).isFalse();
    assertThat(a.reasons()).as("no event yet: nothing has run").containsExactly("elected");
    fixture.time.run();
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
  }

  @Test
  void anAnswerThatWaitedBehindABlockedLoopDoesNotReviveTheTerm() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.on(Call.EXTEND, Fault.HANGS_ON_THE_WAY_BACK);
    fixture.seconds(1);
    fixture.time.block(Duration.ofSeconds(8)); // the renewal of 2 s would be good until 12 s
    assertThat(a.leads()).isFalse();
    a.backend.deliver();
    assertThat(a.leads()).isFalse();
    assertThat(a.reasons()).containsExactly("elected", "renewal-failed");
  }

  @Test
  void anotherThreadThatFindsTheTermOverEndsItForAll() throws InterruptedException {
    View.Term term = new View.Term("t", 1, 0, 100);
    assertThat(term.isValid(99)).isTrue();
    CountDownLatch done = new CountDownLatch(1);
    new Thread(
            () -> {
              term.isValid(100);
              done.countDown();
            })
        .start();
    done.await();
    assertThat(term.renew(99)).isFalse();
    assertThat(term.isValid(99)).isFalse();
  }

  @Test
  void confirmationCountsFromTheSendingOfTheLastGoodRenewal() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(4);
    assertThat(a.election.isLeaderConfirmedWithin(Duration.ofSeconds(5))).isTrue();
    assertThat(a.election.isLeaderConfirmedWithin(Duration.ofMillis(2_900))).isFalse();
  }

  @Test
  void aRenewDeadlineCloseToTheLeaseLeavesTheMarginForDrift() {
    Worker a = fixture.worker("a", o -> o.setLeaseDuration(10_000).setRenewDeadline(9_999)).start();
    a.backend.onAll(Fault.FAILS);
    fixture.time.block(Duration.ofMillis(9_700));
    assertThat(a.leads()).isTrue();
    fixture.time.block(Duration.ofMillis(198));
    assertThat(a.leads()).isFalse();
  }

  // ---- stepping down

  @Test
  void stopHandsOverToTheFirstInTheQueueAtOnce() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    Worker c = fixture.worker("c").start();
    fixture.seconds(60.5);
    long before = a.last().getFencingToken();
    Future<Void> stopped = a.election.close();
    fixture.time.run();
    assertDone(stopped);
    assertThat(a.reasons()).containsExactly("elected", "stopped");
    assertThat(b.leads()).isTrue();
    assertThat(b.last().getFencingToken()).isGreaterThan(before);
    assertThat(c.leads()).isFalse();
    fixture.seconds(0.5);
    assertThat(c.election.leader()).isEqualTo("b");
    assertThat(c.last().getFencingToken()).isEqualTo(b.last().getFencingToken());
  }

  @Test
  void aStoppedFollowerLeavesNoPositionInTheQueue() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    Worker c = fixture.worker("c").start();
    assertDoneSoon(b.election.close());
    assertDoneSoon(a.election.close());
    fixture.time.run();
    assertThat(c.leads()).isTrue();
    assertThat(b.reasons()).containsExactly("observed");
  }

  @Test
  void resignHandsOverAndDoesNotCampaignForTheCooldown() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    assertDoneSoon(a.election.resign(Duration.ofSeconds(60)));
    assertThat(a.reasons()).startsWith("elected", "resigned");
    assertThat(b.leads()).isTrue();
    assertDoneSoon(b.election.close());
    fixture.seconds(59);
    assertThat(a.leads()).isFalse();
    fixture.seconds(1.1);
    assertThat(a.leads()).isTrue();
  }

  @Test
  void duringItsCooldownAWorkerObserves() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    assertDoneSoon(a.election.resign(Duration.ofSeconds(60)));
    fixture.seconds(1);
    assertThat(a.election.leader()).isEqualTo("b");
    assertThat(a.reasons()).containsExactly("elected", "resigned", "observed");
    assertThat(b.leads()).isTrue();
  }

  @Test
  void aFollowerThatResignsLeavesTheLineForTheCooldown() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    assertDoneSoon(b.election.resign(Duration.ofSeconds(60)));
    assertDoneSoon(a.election.close());
    fixture.seconds(50);
    assertThat(b.leads()).isFalse();
    fixture.seconds(10.1);
    assertThat(b.leads()).isTrue();
  }

  @Test
  void aNegativeCooldownIsRefused() {
    Worker a = fixture.worker("a").start();
    Future<Void> refused = a.election.resign(Duration.ofSeconds(-1));
    assertThat(ErrorCode.INVALID.is(refused.cause())).isTrue();
    assertThat(refused.cause()).hasMessageContaining("cooldown PT-1S");
    assertThat(a.leads()).isTrue();
  }

  @Test
  void resignOnAHungBackendIsBounded() {
    Worker a = fixture.worker("a").start();
    a.backend.onAll(Fault.HANGS_ON_THE_WAY);
    Future<Void> resigned = a.election.resign(Duration.ofSeconds(1));
    fixture.time.run();
    assertThat(a.leads()).isFalse();
    fixture.seconds(5);
    assertDone(resigned);
  }

  @Test
  void stopIsIdempotentAndFinal() {
    Worker a = fixture.worker("a").start();
    assertDoneSoon(a.election.close());
    assertDoneSoon(a.election.close());
    Future<Void> again = a.election.start();
    Future<Void> resigned = a.election.resign(Duration.ZERO);
    Future<Void> awaited = a.election.awaitLeadership();
    fixture.seconds(100);
    assertThat(ErrorCode.CLOSED.is(again.cause())).isTrue();
    assertThat(ErrorCode.CLOSED.is(resigned.cause())).isTrue();
    assertThat(ErrorCode.CLOSED.is(awaited.cause())).isTrue();
    assertThat(a.reasons()).containsExactly("elected", "stopped");
  }

  @Test
  void stopWithoutAStartAndTwoStartsAreHarmless() {
    Worker a = fixture.worker("a");
    assertDoneSoon(a.election.close());
    Worker b = fixture.worker("b").start().start();
    assertThat(b.backend.count(Call.ACQUIRE)).isEqualTo(1);
  }

  @Test
  void aHandlerThatStopsTheElectionDoesNotMixUpTheOrder() {
    Worker a = fixture.worker("a");
    a.election.onChange(
        event -> {
          if (event.isLeading()) {
            a.election.close();
          }
        });
    a.start();
    assertThat(a.received)
        .containsExactly("handler elected", "bus elected", "handler stopped", "bus stopped");
  }

  @Test
  void aHandlerThatThrowsStopsNoOther() {
    Worker a = fixture.worker("a");
    a.election.onChange(
        event -> {
          throw new IllegalStateException("a handler of the test");
        });
    a.start();
    assertThat(a.received).containsExactly("handler elected", "bus elected");
    fixture.seconds(30);
    assertThat(a.leads()).isTrue();
  }

  // ---- observing

  @Test
  void anObserverNeverAsks() {
    Worker o = fixture.worker("o", options -> options.setCandidate(false)).start();
    fixture.seconds(30);
    assertThat(o.backend.count(Call.ACQUIRE)).isZero();
    assertThat(o.reasons()).isEmpty();
    Worker a = fixture.worker("a").start();
    fixture.seconds(0.5);
    assertThat(o.election.leader()).isEqualTo("a");
    a.election.close();
    fixture.seconds(0.5);
    assertThat(o.reasons()).containsExactly("observed", "observed");
    assertThat(o.last().getLeader()).isNull();
    assertThat(o.leads()).isFalse();
  }

  @Test
  void aStormOfHintsCostsFewCalls() {
    Worker o = fixture.worker("o", options -> options.setCandidate(false)).start();
    fixture.seconds(1);
    long before = o.backend.calls.size();
    for (int i = 0; i < 1_000; i++) {
      fixture.foreign(Duration.ofMillis(1));
      fixture.store.release(KEY, "foreign");
      fixture.seconds(0.001);
    }
    assertThat(o.backend.calls.size() - before).isBetween(3L, 8L);
  }

  @Test
  void withoutHintsAChangeIsSeenWithinARetryInterval() {
    Worker o = fixture.worker("o", options -> options.setCandidate(false));
    o.backend.deaf();
    o.start();
    fixture.worker("a").start();
    fixture.seconds(2);
    assertThat(o.election.leader()).isEqualTo("a");
  }

  // ---- the log

  @Test
  void anOutageIsLoggedOncePerIntervalAndItsEndOnce() {
    Worker a = fixture.worker("a").deaf().start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(65); // failures at 2, 4, …: lines at 2, 32 and 62 s
    assertThat(log.messages()).filteredOn(line -> line.contains("the backend fails")).hasSize(3);
    a.backend.onAll(Fault.NONE);
    fixture.seconds(60);
    assertThat(log.messages()).filteredOn(line -> line.contains("is back after")).hasSize(1);
  }

  @Test
  void anOutageNamesTheCauseThatATimeoutHides() {
    Worker a = fixture.worker("a").deaf().start();
    fixture.seconds(1);
    a.backend.onAll(Fault.FAILS_LATE);
    fixture.seconds(7.1); // a renewal of 2 s was given up at 7 s
    a.backend.deliver();
    fixture.seconds(40);
    assertThat(log.messages())
        .anyMatch(line -> line.endsWith("no answer within 5000 ms; last cause: the store is down"));
    a.backend.onAll(Fault.NONE);
  }

  @Test
  void theLineOfAnEndSaysThatTheWorkerDoesNotLeadAnyMore() {
    Worker a = fixture.worker("a").deaf().start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(11);
    assertThat(log.messages())
        .anyMatch(line -> line.contains("renewal-failed, this worker does not lead any more"));
  }

  @Test
  void noLineShowsAToken() {
    Worker a = fixture.worker("a").start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(30);
    assertThat(log.messages()).isNotEmpty();
    assertThat(log.messages())
        .noneMatch(line -> a.backend.tokens.stream().anyMatch(line::contains));
  }

  private void assertDoneSoon(Future<?> future) {
    fixture.time.run();
    assertDone(future);
  }
}
