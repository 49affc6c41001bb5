package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static dev.conclave.lock.LockFixture.failure;
import static dev.conclave.lock.LockFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.testing.FaultyBackend.Op;
import io.vertx.core.Future;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** One token that waits at two services, as a retry does that reaches another instance. */
class TwoServicesTest {
  private final LockFixture locks = new LockFixture();
  private final LocalLockManager other =
      new LocalLockManager(null, locks.time, locks.backend, new LockServiceOptions());

  @Test
  void aWaitThatEndsLeavesTheLeaseThatTheSameTokenGotElsewhere() {
    locks.heldByStranger("door", Duration.ofMinutes(1));
    locks.backend.dropHints();
    Future<LockGrant> first = locks.service.acquire(request("door", "mine", 1_500));
    locks.pass(300);
    Future<LockGrant> retry = other.acquire(request("door", "mine", 10_000));
    locks.strangerReleases("door");
    Future<LockGrant> again = other.acquire(request("door", "mine", 0));
    long fence = done(again).getFencingToken();
    locks.pass(1_300);
    failure(first, ErrorCode.TIMEOUT);
    assertThat(done(other.owned("door", "mine"))).as("still held").isTrue();
    locks.pass(5_000);
    assertThat(done(retry).getFencingToken()).isEqualTo(fence);
    assertThat(done(locks.service.release("door", "mine"))).isTrue();
    locks.assertNothingLeft();
  }

  @Test
  void anAttemptUnderWayAtTheEndOfItsWaitEndsNoLeaseOfTheSameTokenFromElsewhere() {
    locks.heldByStranger("door", Duration.ofMinutes(1));
    locks.backend.dropHints();
    Future<LockGrant> first = locks.service.acquire(request("door", "mine", 5_200));
    locks.strangerReleases("door");
    done(other.acquire(request("door", "mine", 0)));
    locks.backend.on(Op.ACQUIRE, locks.backend.delay(Duration.ZERO, Duration.ofMillis(800)));
    locks.pass(5_300);
    assertThat(first.failed()).as("ended while its attempt was under way").isTrue();
    assertThat(done(other.owned("door", "mine"))).as("still held").isTrue();
    locks.pass(1_000);
    assertThat(done(other.owned("door", "mine"))).as("after its answer, too").isTrue();
    locks.backend.heal();
    assertThat(done(other.release("door", "mine"))).isTrue();
    locks.assertNothingLeft();
  }

  @Test
  void anUnansweredAttemptBeforeARefusalEndsNoLeaseOfTheSameTokenFromElsewhere() {
    locks.heldByStranger("door", Duration.ofMinutes(10));
    locks.backend.dropHints();
    locks.backend.on(Op.ACQUIRE, FaultyBackend.fail());
    Future<LockGrant> first = locks.service.acquire(request("door", "mine", 4_000));
    locks.backend.heal(Op.ACQUIRE);
    locks.pass(1_000);
    locks.strangerReleases("door");
    done(other.acquire(request("door", "mine", 0)));
    locks.pass(3_000);
    failure(first, ErrorCode.TIMEOUT);
    assertThat(done(other.owned("door", "mine"))).as("still held").isTrue();
    assertThat(done(other.release("door", "mine"))).isTrue();
    locks.assertNothingLeft();
  }

  @Test
  void anAttemptUnderWayAtTheEndOfItsWaitReleasesItsLease() {
    locks.backend.on(Op.ACQUIRE, locks.backend.delay(Duration.ZERO, Duration.ofMillis(800)));
    Future<LockGrant> first = locks.service.acquire(request("door", "mine", 500));
    locks.pass(500);
    assertThat(first.failed()).isTrue();
    assertThat(locks.held("door")).isFalse();
    locks.pass(1_000);
    locks.backend.heal();
    locks.assertNothingLeft();
  }

  @Test
  void aRefusalThatComesAfterTheWaitEndsNothingElsewhere() {
    locks.heldByStranger("door", Duration.ofMinutes(10));
    locks.backend.on(Op.ACQUIRE, locks.backend.delay(Duration.ZERO, Duration.ofMillis(800)));
    Future<LockGrant> first = locks.service.acquire(request("door", "mine", 200));
    locks.pass(300);
    failure(first, ErrorCode.BACKEND_UNAVAILABLE);
    locks.backend.heal();
    locks.strangerReleases("door");
    done(other.acquire(request("door", "mine", 0)));
    locks.pass(1_000);
    assertThat(done(other.owned("door", "mine"))).as("still held").isTrue();
    assertThat(done(other.release("door", "mine"))).isTrue();
    locks.assertNothingLeft();
  }
}
