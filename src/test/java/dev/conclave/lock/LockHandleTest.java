package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static dev.conclave.lock.LockFixture.failure;
import static dev.conclave.testing.FaultyBackend.Op.ACQUIRE;
import static dev.conclave.testing.FaultyBackend.Op.EXTEND;
import static dev.conclave.testing.FaultyBackend.Op.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Attempt;
import dev.conclave.testing.FaultyBackend;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A held lock: how long it is valid, how it is renewed, and how it ends. */
class LockHandleTest {
  private static final long LEASE = 9_000;
  private static final long VALID = LEASE - 90 - 2; // less the margin

  private final LockFixture locks = new LockFixture();
  private final AtomicInteger lost = new AtomicInteger();

  private LockOptions options() {
    return new LockOptions().setLeaseDuration(LEASE).setWaitTimeout(1_000);
  }

  private LockHandle hold(LockOptions options) {
    LockHandle handle = done(locks.lock("door", options).acquire());
    handle.onLost(lost::incrementAndGet);
    return handle;
  }

  private boolean storeHolds() {
    return locks.held("door");
  }

  @Test
  void itIsValidForItsLeaseLessTheMargin() {
    LockHandle handle = hold(options());
    assertThat(handle.name()).isEqualTo("door");
    assertThat(handle.remaining()).isEqualTo(Duration.ofMillis(VALID));
    locks.pass(VALID - 1);
    assertThat(handle.isValid()).isTrue();
    assertThat(lost).hasValue(0);
    locks.pass(1);
    assertThat(handle.isValid()).isFalse();
    assertThat(handle.remaining()).isZero();
    assertThat(lost).hasValue(1);
    failure(handle.extend(), ErrorCode.LOST);
    assertThat(done(handle.release())).isFalse();
    locks.assertNothingLeft();
    assertThat(lost).hasValue(1);
  }

  @Test
  void afterABlockedLoopItIsNotValidBeforeAnyTimerRan() {
    LockHandle handle = hold(options().setRenew(true));
    locks.time.block(Duration.ofMillis(VALID));
    assertThat(handle.isValid()).isFalse();
    assertThat(handle.remaining()).isZero();
    assertThat(lost).hasValue(0);
    locks.time.run();
    assertThat(lost).hasValue(1);
    locks.assertNothingLeft();
  }

  @Test
  void aLeaseThatIsOverNeverBecomesValidAgain() {
    LockHandle handle = hold(options());
    locks.pass(VALID - 10);
    locks.backend.on(EXTEND, locks.backend.delay(Duration.ZERO, Duration.ofMillis(5)));
    Future<Void> extending = handle.extend();
    locks.time.block(Duration.ofMillis(20));
    assertThat(handle.isValid()).isFalse();
    locks.time.run(); // the answer comes before the timer
    assertThat(handle.isValid()).isFalse();
    failure(extending, ErrorCode.LOST);
    assertThat(lost).hasValue(1);
    assertThat(storeHolds()).as("released").isFalse();
  }

  @Test
  void aBlockedLoopsFirstCallFindsItLost() {
    LockHandle extended = hold(options());
    locks.time.block(Duration.ofMillis(VALID));
    failure(extended.extend(), ErrorCode.LOST);
    locks.time.run();
    assertThat(lost).hasValue(1);
    LockHandle released = hold(options());
    locks.time.block(Duration.ofMillis(VALID));
    assertThat(done(released.release())).isFalse();
    locks.time.run();
    assertThat(lost).hasValue(2);
    locks.assertNothingLeft();
  }

  @Test
  void lossIsReportedAtLocalExpiryWhileARenewalHangs() {
    LockHandle handle = hold(options().setRenew(true));
    locks.backend.on(EXTEND, FaultyBackend.executeAndHang());
    locks.pass(VALID - 1);
    assertThat(lost).hasValue(0);
    assertThat(handle.isValid()).isTrue();
    locks.pass(1);
    assertThat(lost).hasValue(1);
    assertThat(storeHolds()).as("the store had counted the renewals").isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void onLostIsCalledOnceEachAndAlsoWhenRegisteredLate() {
    LockHandle handle = hold(options());
    AtomicInteger second = new AtomicInteger();
    handle.onLost(second::incrementAndGet);
    locks.pass(VALID);
    handle.onLost(second::incrementAndGet);
    assertThat(second).as("never within the call").hasValue(1);
    locks.pass(LEASE);
    assertThat(second).hasValue(2);
    assertThat(lost).hasValue(1);
  }

  @Test
  void onLostIsNeverCalledAfterARelease() {
    LockHandle handle = hold(options().setRenew(true));
    done(handle.release());
    handle.onLost(lost::incrementAndGet);
    locks.pass(10 * LEASE);
    assertThat(lost).hasValue(0);
  }

  @Test
  void aHandlerOfALossMayReleaseAndAcquireAnew() {
    LockHandle handle = hold(options());
    List<LockHandle> next = new ArrayList<>();
    handle.onLost(
        () -> {
          handle.release();
          locks.lock("door", options()).acquire().onSuccess(next::add);
        });
    locks.pass(VALID + 1);
    assertThat(next).hasSize(1);
    assertThat(next.get(0).fencingToken()).isGreaterThan(handle.fencingToken());
  }

  @Test
  void renewalIsDueAtAThirdOfTheLease() {
    LockHandle handle = hold(options().setRenew(true));
    locks.pass(LEASE / 3 - 1);
    assertThat(locks.backend.calls(EXTEND)).isZero();
    locks.pass(1);
    assertThat(locks.backend.calls(EXTEND)).isEqualTo(1);
    assertThat(handle.remaining()).isEqualTo(Duration.ofMillis(VALID));
    locks.pass(10 * LEASE);
    assertThat(handle.isValid()).isTrue();
    assertThat(locks.backend.calls(EXTEND)).isEqualTo(31);
    assertThat(lost).hasValue(0);
    done(handle.release());
    locks.assertNothingLeft();
  }

  @Test
  void withoutTheOptionAHandleDoesNotRenewItself() {
    LockHandle handle = hold(options());
    locks.pass(VALID - 1);
    assertThat(locks.backend.calls(EXTEND)).isZero();
    done(handle.extend());
    assertThat(handle.remaining()).isEqualTo(Duration.ofMillis(VALID));
    locks.pass(VALID - 1);
    assertThat(handle.isValid()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailedRenewalIsTriedAgainSooner(boolean hangs) {
    LockHandle handle = hold(options().setRenew(true));
    locks.backend.on(EXTEND, hangs ? FaultyBackend.hang() : FaultyBackend.fail());
    locks.pass(LEASE / 3);
    locks.backend.heal();
    locks.pass(LEASE / 6);
    assertThat(locks.backend.calls(EXTEND)).isEqualTo(2);
    assertThat(handle.remaining()).isEqualTo(Duration.ofMillis(VALID));
    locks.pass(5 * LEASE);
    assertThat(lost).hasValue(0);
  }

  @Test
  void theLessIsLeftTheSoonerAFailedRenewalIsTriedAgain() {
    hold(options().setRenew(true));
    locks.backend.on(EXTEND, FaultyBackend.fail());
    locks.pass(LEASE * 5 / 6 + 10);
    locks.backend.heal();
    locks.pass(LEASE / 6);
    assertThat(lost).as("refused until shortly before its end").hasValue(0);
    locks.pass(5 * LEASE);
    assertThat(lost).hasValue(0);
  }

  @Test
  void renewalEndsWithTheRelease() {
    LockHandle handle = hold(options().setRenew(true));
    locks.backend.on(EXTEND, locks.backend.delay(Duration.ofMillis(100), Duration.ofMillis(100)));
    locks.pass(LEASE / 3);
    assertThat(locks.backend.calls(EXTEND)).isEqualTo(1);
    assertThat(done(handle.release())).isTrue();
    locks.pass(10 * LEASE);
    assertThat(locks.backend.calls(EXTEND)).as("no watchdog outlives it").isEqualTo(1);
    assertThat(storeHolds()).isFalse();
    failure(handle.extend(), ErrorCode.CLOSED);
    assertThat(handle.isValid()).isFalse();
    assertThat(lost).hasValue(0);
    locks.assertNothingLeft();
  }

  @Test
  void aRenewalAnsweredAfterTheReleaseRevivesNothing() {
    LockHandle handle = hold(options());
    locks.backend.on(EXTEND, locks.backend.delay(Duration.ZERO, Duration.ofMillis(100)));
    Future<Void> extending = handle.extend();
    done(handle.release());
    locks.pass(100);
    failure(extending, ErrorCode.CLOSED);
    assertThat(handle.isValid()).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void aRenewalThatTheStoreCarriesOutAfterTheLossIsReleased() {
    LockHandle handle = hold(options());
    locks.pass(VALID - 10);
    locks.backend.on(EXTEND, locks.backend.delay(Duration.ofMillis(20), Duration.ZERO));
    locks.backend.on(RELEASE, FaultyBackend.fail());
    Future<Void> extending = handle.extend();
    locks.pass(10);
    assertThat(lost).hasValue(1);
    locks.backend.heal(RELEASE);
    locks.pass(10);
    failure(extending, ErrorCode.LOST);
    assertThat(storeHolds()).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void renewalEndsWithTheLoss() {
    hold(options().setRenew(true));
    locks.backend.on(EXTEND, FaultyBackend.fail());
    locks.pass(VALID);
    int calls = locks.backend.calls(EXTEND);
    locks.pass(10 * LEASE);
    assertThat(locks.backend.calls(EXTEND)).isEqualTo(calls);
    assertThat(lost).hasValue(1);
    locks.assertNothingLeft();
  }

  @Test
  void aRenewalAfterARevokeFindsItLostAtOnce() {
    LockHandle handle = hold(options().setRenew(true));
    done(locks.service.revoke("door"));
    assertThat(handle.isValid()).as("not reported yet").isTrue();
    locks.pass(LEASE / 3);
    assertThat(handle.isValid()).isFalse();
    assertThat(lost).hasValue(1);
    failure(handle.extend(), ErrorCode.LOST);
    LockHandle other = hold(options());
    done(locks.service.revoke("door"));
    assertThat(failure(other.extend(), ErrorCode.LOST)).hasMessageContaining("lock 'door'");
  }

  @ParameterizedTest
  @ValueSource(longs = {9_000, 10_000, 12_345, 30_001})
  void maxHoldIsExact(long maxHold) {
    LockHandle handle = hold(options().setRenew(true).setMaxHold(maxHold));
    long end = Math.max(VALID, maxHold);
    if (maxHold == LEASE) {
      end = LEASE;
    }
    locks.pass(end - 1);
    assertThat(handle.isValid()).isTrue();
    assertThat(lost).hasValue(0);
    assertThat(storeHolds()).isTrue();
    locks.pass(1);
    assertThat(handle.isValid()).isFalse();
    assertThat(lost).hasValue(1);
    assertThat(failure(handle.extend(), ErrorCode.LOST)).hasMessageContaining("maxHold");
    assertThat(storeHolds()).as("released").isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void theStoreHoldsItHardlyLongerThanMaxHoldEvenWithoutARelease() {
    hold(options().setRenew(true).setMaxHold(20_000));
    locks.pass(19_500);
    locks.backend.on(RELEASE, FaultyBackend.fail());
    locks.pass(500 + 2 + LEASE / 100 + 2);
    assertThat(storeHolds()).isFalse();
  }

  @Test
  void aLeaseThatRanOutCloseToMaxHoldIsReportedAsSuch() {
    LockHandle handle = hold(options().setMaxHold(LEASE + 500));
    locks.pass(VALID);
    assertThat(failure(handle.extend(), ErrorCode.LOST)).hasMessageContaining("ran out");
  }

  @Test
  void anOlderRenewalsAnswerDoesNotUndoALater() {
    LockHandle handle = hold(options());
    locks.backend.on(EXTEND, locks.backend.delay(Duration.ZERO, Duration.ofMillis(1_000)));
    handle.extend();
    locks.pass(500);
    locks.backend.heal();
    done(handle.extend());
    locks.pass(600);
    assertThat(handle.remaining()).isEqualTo(Duration.ofMillis(VALID - 600));
  }

  @Test
  void releaseIsIdempotentWithTheSameResult() {
    LockHandle handle = hold(options());
    assertThat(done(handle.release())).isTrue();
    assertThat(done(handle.release())).isTrue();
    assertThat(locks.backend.calls(RELEASE)).isEqualTo(1);
  }

  @Test
  void aReleaseOfUnknownOutcomeFailsAndTheLeaseRunsOut() {
    LockHandle handle = hold(options().setRenew(true));
    locks.backend.on(RELEASE, FaultyBackend.fail());
    failure(handle.release(), ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(handle.isValid()).isFalse();
    locks.pass(LEASE);
    assertThat(storeHolds()).isFalse();
    assertThat(lost).hasValue(0);
  }

  @Test
  void howeverLongTheBusTakesItIsNeverValidLongerThanTheStoreCountsIt() {
    Random random = new Random(42);
    int valid = 0;
    for (int round = 0; round < 400; round++) {
      LockFixture here = new LockFixture();
      SlowBus bus = new SlowBus(here.time, here.service, () -> random.nextInt(400));
      here.backend.on(
          ACQUIRE, here.backend.delay(ms(random.nextInt(100)), ms(random.nextInt(100))));
      here.backend.on(EXTEND, here.backend.delay(ms(random.nextInt(100)), ms(random.nextInt(100))));
      if (random.nextBoolean()) {
        here.heldByStranger("door", ms(1 + random.nextInt(2_000)));
      }
      LockOptions options =
          new LockOptions()
              .setLeaseDuration(500 + random.nextInt(2_000))
              .setWaitTimeout(3_000)
              .setRenew(random.nextBoolean())
              .setMaxHold(5_000);
      Future<LockHandle> acquiring = here.lock(bus, "door", options).acquire();
      for (int step = 0; step < 700; step++) {
        here.pass(10);
        if (acquiring.succeeded() && acquiring.result().isValid()) {
          valid++;
          assertThat(here.held("door")).as("round %d, step %d", round, step).isTrue();
          assertThat(here.memory.find(LeaseKey.lock("door")).result().get().fencingToken())
              .isEqualTo(acquiring.result().fencingToken());
        }
      }
      here.pass(20_000);
      here.assertNothingLeft();
    }
    assertThat(valid).as("the test saw valid locks").isGreaterThan(10_000);
  }

  private static Duration ms(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void theDurationForAValidityIsEnoughAndNotMuchMore() {
    for (long wanted : new long[] {1, 999_999, 1_000_000, 7_777_777, 3_600_000_000_000L}) {
      long needed = Attempt.durationFor(wanted);
      assertThat(Attempt.validUntil(0, needed)).isGreaterThanOrEqualTo(wanted);
      assertThat(Attempt.validUntil(0, needed - 2_000_000)).isLessThan(wanted);
      assertThat(needed % 1_000_000).isZero();
    }
  }
}
