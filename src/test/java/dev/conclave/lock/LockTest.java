package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static dev.conclave.lock.LockFixture.failure;
import static dev.conclave.lock.LockFixture.request;
import static dev.conclave.testing.FaultyBackend.Op.ACQUIRE;
import static dev.conclave.testing.FaultyBackend.Op.EXTEND;
import static dev.conclave.testing.FaultyBackend.Op.RELEASE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.FaultyBackend;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Acquiring a lock, on the caller's side. */
class LockTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  private final LockFixture locks = new LockFixture();
  private final LockOptions options =
      new LockOptions().setLeaseDuration(9_000).setWaitTimeout(3_000);

  private DistributedLock door() {
    return locks.lock("door", options);
  }

  @Test
  void withLockHoldsItWhileTheBodyRunsAndReleasesIt() {
    Promise<String> body = Promise.promise();
    Future<String> outcome =
        door()
            .withLock(
                handle -> {
                  assertThat(handle.isValid()).isTrue();
                  return body.future();
                });
    locks.pass(60_000);
    assertThat(locks.held("door")).as("renewed").isTrue();
    assertThat(outcome.isComplete()).isFalse();
    body.complete("done");
    assertThat(done(outcome)).isEqualTo("done");
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void withLockReleasesWhenTheBodyFails() {
    IllegalStateException failure = new IllegalStateException("body");
    Future<?> outcome = door().withLock(handle -> Future.failedFuture(failure));
    assertThat(outcome.cause()).isSameAs(failure);
    locks.assertNothingLeft();
  }

  @Test
  void withLockReleasesWhenTheBodyThrows() {
    AssertionError thrown = new AssertionError("body");
    Future<?> outcome =
        door()
            .withLock(
                handle -> {
                  throw thrown;
                });
    assertThat(outcome.cause()).isSameAs(thrown);
    locks.assertNothingLeft();
  }

  @Test
  void withLockReleasesWhenTheBodyHasNoFuture() {
    Future<?> outcome = door().withLock(handle -> null);
    assertThat(outcome.cause()).isInstanceOf(NullPointerException.class);
    locks.assertNothingLeft();
  }

  @Test
  void withLockFailsWithLostWhenTheLockWasLostMeanwhile() {
    Promise<String> body = Promise.promise();
    Future<String> outcome = door().withLock(handle -> body.future());
    locks.backend.on(EXTEND, FaultyBackend.fail());
    locks.pass(10_000);
    assertThat(outcome.isComplete()).as("the body still runs").isFalse();
    body.complete("done");
    failure(outcome, ErrorCode.LOST);
    locks.assertNothingLeft();
  }

  @Test
  void withLockFailsWithLostWhenTheReleaseFindsNothing() {
    Promise<String> body = Promise.promise();
    Future<String> outcome = door().withLock(handle -> body.future());
    done(locks.service.revoke("door"));
    body.complete("done");
    failure(outcome, ErrorCode.LOST);
  }

  @Test
  void withLockKeepsTheBodysResultWhenOnlyTheReleaseFailed() {
    Promise<String> body = Promise.promise();
    Future<String> outcome = door().withLock(handle -> body.future());
    locks.backend.on(RELEASE, FaultyBackend.fail());
    body.complete("done");
    assertThat(done(outcome)).isEqualTo("done");
  }

  @Test
  void aBodyThatReleasesItselfKeepsItsResult() {
    Future<String> outcome = door().withLock(handle -> handle.release().map("done"));
    assertThat(done(outcome)).isEqualTo("done");
    assertThat(locks.backend.calls(RELEASE)).isEqualTo(1);
  }

  @Test
  void aBodyThatHangsHoldsTheLockUntilMaxHoldOnly() {
    Future<String> outcome =
        locks
            .lock("door", options.setMaxHold(30_000))
            .withLock(handle -> Promise.<String>promise().future());
    locks.pass(29_999);
    assertThat(locks.held("door")).isTrue();
    locks.pass(1);
    assertThat(locks.held("door")).isFalse();
    assertThat(outcome.isComplete()).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void withoutTheLockTheBodyDoesNotRun() {
    locks.heldByStranger("door", LONG);
    Future<String> outcome =
        door()
            .withLock(
                handle -> {
                  throw new AssertionError("ran");
                });
    locks.pass(3_000);
    failure(outcome, ErrorCode.TIMEOUT);
  }

  @Test
  void tryAcquireDoesNotWait() {
    locks.heldByStranger("door", LONG);
    failure(door().tryAcquire(), ErrorCode.TIMEOUT);
    locks.strangerReleases("door");
    done(done(door().tryAcquire()).release());
    locks.assertNothingLeft();
  }

  @Test
  void aLockInsideItselfFailsNamingThisProcess() {
    Future<?> outer = door().withLock(handle -> door().withLock(inner -> Future.succeededFuture()));
    locks.pass(3_100);
    assertThat(failure(outer, ErrorCode.TIMEOUT))
        .hasMessageContaining("held by this same process: a lock is not re-entrant by name");
    locks.heldByStranger("door", LONG);
    assertThat(failure(door().tryAcquire(), ErrorCode.TIMEOUT))
        .hasMessageNotContaining("this same process");
  }

  @Test
  void givingUpEndsTheWaitAndLeavesNothing() {
    locks.heldByStranger("door", LONG);
    Promise<Void> giveUp = Promise.promise();
    Promise<Void> giveUpBehind = Promise.promise();
    Future<LockHandle> first = door().acquire(giveUp.future());
    Future<LockHandle> behind = door().acquire(giveUpBehind.future());
    giveUpBehind.fail("not wanted any more");
    failure(behind, ErrorCode.CLOSED);
    giveUp.complete();
    failure(first, ErrorCode.CLOSED);
    locks.strangerReleases("door");
    locks.assertNothingLeft();
  }

  @Test
  void aCallerThatGaveUpBeforeSendsNothing() {
    failure(door().acquire(Future.succeededFuture()), ErrorCode.CLOSED);
    assertThat(locks.backend.calls(ACQUIRE)).isZero();
  }

  @Test
  void givingUpAfterTheGrantChangesNothing() {
    Promise<Void> giveUp = Promise.promise();
    LockHandle handle = done(door().acquire(giveUp.future()));
    giveUp.complete();
    locks.time.run();
    assertThat(handle.isValid()).isTrue();
    assertThat(locks.held("door")).isTrue();
  }

  @Test
  void aGrantToACallerThatHasGivenUpIsReleased() {
    SlowBus bus = new SlowBus(locks.time, locks.service, () -> 100);
    Promise<Void> giveUp = Promise.promise();
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).acquire(giveUp.future());
    locks.pass(150);
    assertThat(locks.held("door")).as("granted, on its way").isTrue();
    giveUp.complete();
    failure(acquiring, ErrorCode.CLOSED);
    locks.pass(500);
    assertThat(locks.held("door")).isFalse();
    locks.assertNothingLeft();
  }

  @Test
  void aGrantWhoseAnswerIsLostOnTheBusIsReleased() {
    SlowBus bus = new SlowBus(locks.time, locks.service, () -> 100);
    bus.loseAnswers = true;
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).acquire();
    locks.pass(3_000);
    assertThat(locks.held("door")).isTrue();
    locks.pass(11_000);
    failure(acquiring, ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(locks.held("door")).isFalse();
  }

  @Test
  void aGrantThatArrivesWhenItIsOverIsReleasedAndFails() {
    Iterator<Long> delays = List.of(10L, 9_500L, 10L, 10L, 10L, 10L).iterator();
    SlowBus bus = new SlowBus(locks.time, locks.service, delays::next);
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).acquire();
    locks.pass(9_600); // both ways, and once more to find that it cannot be extended
    failure(acquiring, ErrorCode.LOST);
    locks.pass(10_000);
    locks.assertNothingLeft();
  }

  @Test
  void anOldGrantIsExtendedForNoLongerThanTheCallerWaits() {
    Iterator<Long> delays = List.of(10L, 5_000L, 10L, 60_000L, 10L, 10L, 10L, 10L).iterator();
    SlowBus bus = new SlowBus(locks.time, locks.service, delays::next);
    options.setWaitTimeout(6_000);
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).acquire();
    locks.pass(5_990);
    assertThat(acquiring.isComplete()).as("while the extension is under way").isFalse();
    locks.pass(20);
    LockHandle handle = done(acquiring);
    assertThat(handle.remaining()).as("of the original lease").isBetween(ms(2_800), ms(2_950));
    handle.release();
    locks.pass(70_000);
    locks.assertNothingLeft();
  }

  @Test
  void aCallerThatDoesNotWaitGetsAnOldGrantAsItIs() {
    Iterator<Long> delays = List.of(10L, 5_000L).iterator();
    SlowBus bus = new SlowBus(locks.time, locks.service, delays::next);
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).tryAcquire();
    locks.pass(5_020);
    assertThat(done(acquiring).remaining()).isBetween(ms(3_800), ms(3_950));
  }

  private static Duration ms(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void theTimeWaitedCountsForTheValidity() {
    SlowBus bus = new SlowBus(locks.time, locks.service, () -> 50);
    locks.heldByStranger("door", Duration.ofMillis(2_000));
    Future<LockHandle> acquiring = locks.lock(bus, "door", options).acquire();
    locks.pass(2_200);
    LockHandle handle = done(acquiring);
    long used = 9_000 - 90 - 2 - handle.remaining().toMillis();
    // Both ways on the bus, the drift of the wait, the rest of this step, but not the wait.
    assertThat(used).isBetween(140L, 300L);
  }

  /** A service that the test completes; it records its calls. */
  private static LockService scripted(List<String> asked, Supplier<Future<LockGrant>> answer) {
    return (LockService)
        java.lang.reflect.Proxy.newProxyInstance(
            LockTest.class.getClassLoader(),
            new Class<?>[] {LockService.class},
            (proxy, method, arguments) -> {
              asked.add(method.getName());
              return method.getName().equals("acquire")
                  ? answer.get()
                  : Future.succeededFuture(false);
            });
  }

  @Test
  void aGrantThatComesAfterTheReleaseOfTheGivenUpTokenIsReleasedToo() {
    List<String> asked = new ArrayList<>();
    Promise<LockGrant> answer = Promise.promise();
    Promise<Void> giveUp = Promise.promise();
    Future<LockHandle> acquiring =
        locks.lock(scripted(asked, answer::future), "door", options).acquire(giveUp.future());
    giveUp.complete();
    failure(acquiring, ErrorCode.CLOSED);
    assertThat(asked).containsExactly("acquire", "release");
    answer.complete(new LockGrant().setName("door").setToken("t").setLeaseDuration(9_000));
    assertThat(asked).containsExactly("acquire", "release", "release");
  }

  @Test
  void aFailureOfUnknownOutcomeIsFollowedByARelease() {
    for (Throwable unknown :
        List.of(new IllegalStateException("a bug"), new ServiceException(17, "not one of ours"))) {
      List<String> asked = new ArrayList<>();
      failure(
          locks
              .lock(scripted(asked, () -> Future.failedFuture(unknown)), "door", options)
              .acquire(),
          ErrorCode.BACKEND_UNAVAILABLE);
      assertThat(asked).containsExactly("acquire", "release");
    }
    List<String> asked = new ArrayList<>();
    Throwable known = ErrorCode.TIMEOUT.failure("held by another");
    failure(
        locks.lock(scripted(asked, () -> Future.failedFuture(known)), "door", options).acquire(),
        ErrorCode.TIMEOUT);
    assertThat(asked).as("nothing was granted").containsExactly("acquire");
  }

  @Test
  void aServiceThatThrowsIsAFailure() {
    LockService broken =
        (LockService)
            java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {LockService.class},
                (proxy, method, arguments) -> {
                  throw new IllegalStateException("a bug");
                });
    failure(locks.lock(broken, "door", options).acquire(), ErrorCode.BACKEND_UNAVAILABLE);
    assertThat(locks.time.pending()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a\u0000b", "\ud800"})
  void badNamesAreRefused(String name) {
    assertThatThrownBy(() -> locks.lock(name, options))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("name");
    failure(locks.service.acquire(request(name)), ErrorCode.INVALID);
    failure(locks.service.extend(name, "t", 1_000), ErrorCode.INVALID);
    failure(locks.service.release(name, "t"), ErrorCode.INVALID);
    failure(locks.service.find(name), ErrorCode.INVALID);
    failure(locks.service.locked(name), ErrorCode.INVALID);
    failure(locks.service.owned(name, "t"), ErrorCode.INVALID);
    failure(locks.service.revoke(name), ErrorCode.INVALID);
  }

  @Test
  void badRequestsAreRefusedNamingFieldAndRule() {
    refused(null, "request is missing");
    refused(new LockRequest(), "name is missing");
    refused(request("x".repeat(201)), "201 characters, must have at most 200");
    refused(request("a").setLeaseDuration(0), "leaseDuration 0 must be from 10");
    refused(request("a").setLeaseDuration(-5), "leaseDuration -5 must be from");
    refused(request("a").setLeaseDuration(Long.MAX_VALUE), "leaseDuration 9223372036854775807");
    refused(request("a").setWaitTimeout(-1), "waitTimeout -1 must be from 0");
    refused(request("a").setWaitTimeout(Long.MAX_VALUE), "waitTimeout 9223372036854775807");
    refused(request("a").setOwner(""), "owner is empty");
    refused(request("a").setToken(""), "token is empty");
    refused(request("a").setToken("secret\n"), "token must hold no control character");
    refused(
        request("a").setMetadata(new JsonObject().put("x", "y".repeat(5_000))),
        "metadata has 5008 characters of JSON, must be at most 4096");
    refused(request("a").setMetadata(new JsonObject().put("x", new Object())), "metadata");
    assertThat(locks.backend.calls(ACQUIRE)).isZero();
  }

  private void refused(LockRequest request, String message) {
    assertThat(failure(locks.service.acquire(request), ErrorCode.INVALID))
        .hasMessageContaining(message)
        .hasMessageNotContaining("secret");
  }

  @Test
  void badOptionsAreRefusedNamingFieldAndRule() {
    refusedOptions(new LockOptions().setLeaseDuration(0), "leaseDuration 0");
    refusedOptions(new LockOptions().setWaitTimeout(-1), "waitTimeout -1");
    refusedOptions(new LockOptions().setWaitTimeout(Long.MAX_VALUE), "waitTimeout");
    refusedOptions(new LockOptions().setMaxHold(0), "maxHold 0");
    refusedOptions(
        new LockOptions().setMaxHold(50_000),
        "maxHold 50000 must not be less than leaseDuration 60000");
    refusedOptions(new LockOptions().setOwner(" \u0007"), "owner");
    refusedOptions(
        new LockOptions().setMetadata(new JsonObject().put("x", new Object())), "metadata");
    assertThatThrownBy(() -> new LockServiceOptions().setMaxWait(Long.MAX_VALUE).validate())
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("maxWait");
    assertThatThrownBy(() -> new LockServiceOptions().setAddress("").validate())
        .hasMessageContaining("address is empty");
    assertThatThrownBy(() -> new LockServiceOptions().setMaxWaiters(0).validate())
        .hasMessageContaining("maxWaiters 0 must be from 1");
    assertThatThrownBy(() -> new LockServiceOptions().setBackendTimeout(-1).validate())
        .hasMessageContaining("backendTimeout -1");
  }

  private void refusedOptions(LockOptions bad, String message) {
    assertThatThrownBy(() -> locks.lock("door", bad))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining(message);
  }

  @Test
  void tokensAreNotShown() {
    LockRequest request = request("door", "secret", 1_000);
    LockGrant grant = done(locks.service.acquire(request));
    assertThat(request.toString() + grant).doesNotContain("secret").contains("door");
    Future<LockGrant> other = locks.service.acquire(request("door", "hidden", 1_000));
    locks.pass(1_000);
    assertThat(other.cause().toString() + failure(other, ErrorCode.TIMEOUT).getDebugInfo())
        .doesNotContain("secret")
        .doesNotContain("hidden");
    assertThat(done(locks.service.find("door")).toJson().encode()).doesNotContain("secret");
    assertThat(failure(locks.service.extend("door", "hidden", 1_000), ErrorCode.NOT_OWNER))
        .hasMessageNotContaining("hidden");
  }
}
