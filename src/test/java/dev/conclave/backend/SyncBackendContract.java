package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The specification of {@link SyncBackend}, in executable form. A backend's test extends it and
 * implements {@link #open}; every test works on names of its own, so a store may be shared. The
 * rules of leases, of inspection, of the queue and of hostile callers are in the classes that it
 * extends.
 *
 * <p>All rules apply to every backend. A backend that lacks one of the following says so by
 * overriding the method, which answers true otherwise; a rule that fails for the lack of it names
 * the method.
 *
 * <ul>
 *   <li>{@link #sharesStore}: two backends of one store see the same leases.
 *   <li>{@link #handsOver}: a release offers the lease to the first in the queue.
 *   <li>{@link #hints}: watches are notified.
 *   <li>{@link #tellsTime}: registers are shown with the store's time.
 * </ul>
 */
public abstract class SyncBackendContract extends HostileCallersContract {
  // ---- registers

  @Test
  void advanceRefusesEqualAndOlderMarks() {
    String name = "register-" + UUID.randomUUID();
    assertThat(get(backend.advance(name, 5))).isTrue();
    assertThat(get(backend.advance(name, 5))).isFalse();
    assertThat(get(backend.advance(name, 4))).isFalse();
    assertThat(get(backend.advance(name, 6))).isTrue();
    assertThat(get(another().advance(name, 6))).isFalse();
    assertThat(get(backend.advance(name, Register.MAX_MARK))).isTrue();
  }

  @Test
  void aRegisterThatWasNeverSetIsBelowEveryMark() {
    String name = "register-" + UUID.randomUUID();
    assertThat(get(backend.advance(name, 0))).isTrue();
    assertThat(get(backend.advance(name, 0))).isFalse();
  }

  @Test
  void advanceHasOneWinnerPerMark() {
    String name = "register-" + UUID.randomUUID();
    SyncBackend other = another();
    for (long mark = 1; mark <= 5; mark++) {
      List<Future<Boolean>> answers = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        answers.add((i % 2 == 0 ? backend : other).advance(name, mark));
      }
      assertThat(answers.stream().map(f -> get(f)).filter(won -> won)).hasSize(1);
    }
  }

  @Test
  void registersAndLeasesDoNotCollide() {
    LeaseKey key = key();
    assertThat(get(backend.advance(key.name(), 7))).isTrue();
    for (LeaseKey.Kind kind : LeaseKey.Kind.values()) {
      assertThat(get(backend.find(new LeaseKey(kind, key.name())))).isEmpty();
      acquire(new LeaseKey(kind, key.name()), token(), LONG);
    }
    assertThat(get(backend.advance(key.name(), 7))).isFalse();
    assertThat(get(backend.advance(key.name(), 8))).isTrue();
  }

  private Register register(String name) {
    Optional<Register> shown = get(backend.register(name));
    assertThat(shown)
        .as(
            "this backend answers register(name) with nothing, so that tasks cannot see how far a"
                + " clock is off: implement it, or let tellsTime() of its test answer false")
        .isPresent();
    return shown.orElseThrow();
  }

  @Test
  void aBackendThatTellsNoTimeShowsNoRegister() {
    if (!tellsTime()) {
      assertThat(get(backend.register("register-" + UUID.randomUUID()))).isEmpty();
    }
  }

  @Test
  void aRegisterIsShownWithTheTimeByWhichLeasesExpire() {
    assumeTrue(tellsTime(), "tells no time");
    String name = "register-" + UUID.randomUUID();
    Register before = register(name);
    assertThat(before.mark()).isEmpty();
    assertThat(get(backend.advance(name, 0))).isTrue();
    assertThat(register(name).mark()).hasValue(0);
    assertThat(get(backend.advance(name, Register.MAX_MARK))).isTrue();
    assertThat(get(another().register(name)).orElseThrow().mark()).hasValue(Register.MAX_MARK);
    LeaseKey key = key();
    acquire(key, token(), Duration.ofMillis(1_500));
    acquireAfterExpiry(key, token());
    // A clock in whole seconds may show one of them as half a second only.
    assertThat(Duration.between(before.storeTime(), register(name).storeTime()))
        .isGreaterThanOrEqualTo(Duration.ofMillis(500));
  }

  @Test
  void retreatSetsARegisterBackAndNeverForward() {
    assumeTrue(tellsTime(), "tells no time");
    String name = "register-" + UUID.randomUUID();
    assertThat(get(backend.retreat(name, 7))).as("it was never set").isFalse();
    assertThat(register(name).mark()).isEmpty();
    assertThat(get(backend.advance(name, 10))).isTrue();
    assertThat(get(backend.retreat(name, 12))).isFalse();
    assertThat(get(backend.retreat(name, 10))).isFalse();
    assertThat(register(name).mark()).hasValue(10);
    assertThat(get(another().retreat(name, 5))).isTrue();
    assertThat(register(name).mark()).hasValue(5);
    assertThat(get(backend.advance(name, 5))).isFalse();
    assertThat(get(backend.advance(name, 6))).isTrue();
    assertThat(get(backend.retreat(name, 0))).isTrue();
    assertThat(register(name).mark()).hasValue(0);
  }

  // ---- misuse, contexts, closing

  @Test
  void badArgumentsAreRefusedByName() {
    assertInvalid(() -> LeaseKey.lock(""), "name is empty");
    assertInvalid(() -> LeaseKey.lock(null), "name is missing");
    assertInvalid(() -> LeaseKey.lock("a\nb"), "a\\u000ab", "control character");
    assertInvalid(() -> LeaseKey.lock("a\u0000b"), "control character");
    assertInvalid(() -> LeaseKey.lock("a\uD800"), "unpaired surrogate");
    assertInvalid(() -> LeaseKey.lock("x".repeat(201)), "201", "at most 200");
    LeaseKey key = key();
    assertInvalid(
        () -> LeaseRequest.of(key, "secret\nsecret", LONG, "owner"), "token", "control character");
    assertInvalid(() -> LeaseRequest.of(key, token(), Duration.ZERO, "owner"), "PT0S", "1 ms");
    assertInvalid(() -> LeaseRequest.of(key, token(), LONG, ""), "owner is empty");
    assertInvalid(
        () ->
            LeaseRequest.of(key, token(), LONG, "owner")
                .withMetadata(new JsonObject().put("m", "x".repeat(LeaseRequest.MAX_METADATA))),
        "metadata",
        "at most 4096");
    assertInvalidAnswer(backend.extend(key, token(), Duration.ofMillis(-1)), "-0.001S");
    assertInvalidAnswer(backend.extend(key, "", LONG), "token is empty");
    assertInvalidAnswer(backend.release(key, null), "token is missing");
    assertInvalidAnswer(backend.owns(key, ""), "token is empty");
    assertInvalidAnswer(backend.advance("", 1), "name is empty");
    assertInvalidAnswer(backend.advance("x", -1), "mark -1");
    assertInvalidAnswer(backend.advance("x", Register.MAX_MARK + 1), "mark");
    if (tellsTime()) {
      assertInvalidAnswer(backend.register(""), "name is empty");
      assertInvalidAnswer(backend.retreat("", 1), "name is empty");
      assertInvalidAnswer(backend.retreat("x", -1), "mark -1");
    } else {
      assertThat(failureOf(backend.retreat("x", 1))).isNotNull();
    }
    assertInvalidAnswer(backend.list(LeaseKey.Kind.LOCK, "", null, 0), "limit 0");
    assertInvalidAnswer(backend.list(LeaseKey.Kind.LOCK, "", null, 1001), "limit 1001");
  }

  private static void assertInvalid(Runnable call, String... parts) {
    assertThatThrownBy(call::run)
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll(parts)
        .hasMessageNotContaining("secret");
  }

  private static void assertInvalidAnswer(Future<?> answer, String part) {
    assertThat(failureOf(answer)).matches(ErrorCode.INVALID::is).hasMessageContaining(part);
  }

  @Test
  void answersComeOnTheCallersContext() {
    LeaseKey key = key();
    for (int i = 0; i < 4; i++) {
      Promise<Boolean> same = Promise.promise();
      String token = token();
      Context context = vertx.getOrCreateContext();
      context.runOnContext(
          v ->
              backend
                  .acquire(LeaseRequest.of(key, token, LONG, "owner"))
                  .compose(
                      a -> {
                        boolean onContext = Vertx.currentContext() == context;
                        return backend
                            .release(key, token)
                            .map(r -> onContext && Vertx.currentContext() == context);
                      })
                  .onComplete(same));
      assertThat(get(same.future())).isTrue();
    }
  }

  @Test
  void closeIsIdempotentAndFailsLaterCallsWithClosed() {
    SyncBackend closing = closedAfterwards(open(vertx));
    LeaseKey key = key();
    get(closing.acquire(LeaseRequest.of(key, token(), LONG, "owner")));
    Watch watch = closing.watch(key, () -> {});
    get(Future.all(closing.close(), closing.close()));
    get(closing.close());
    watch.close();
    List<Future<?>> calls =
        List.of(
            closing.acquire(LeaseRequest.of(key, token(), LONG, "owner")),
            closing.extend(key, token(), LONG),
            closing.release(key, token()),
            closing.find(key),
            closing.owns(key, token()),
            closing.list(LeaseKey.Kind.LOCK, "", null, 10),
            closing.revoke(key),
            closing.advance("x", 1),
            tellsTime() ? closing.register("x") : closing.ping(),
            tellsTime() ? closing.retreat("x", 1) : closing.ping(),
            closing.ping());
    for (Future<?> call : calls) {
      assertThat(failureOf(call)).matches(ErrorCode.CLOSED::is);
    }
    closing.watch(key, () -> {}).close();
  }

  @Test
  void callsUnderWayCompleteWhenTheBackendCloses() {
    SyncBackend closing = closedAfterwards(open(vertx));
    get(closing.ping());
    List<Future<Acquisition>> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(closing.acquire(LeaseRequest.of(key(), token(), SHORT, "owner")));
    }
    get(closing.close());
    for (Future<Acquisition> call : calls) {
      eventually("the call completes", call::isComplete);
      if (call.failed()) {
        assertThat(call.cause()).matches(ErrorCode.CLOSED::is);
      }
    }
  }

  @Test
  void leasesOutliveTheBackendThatTookThem() {
    if (!sharesStore()) {
      return;
    }
    LeaseKey key = key();
    SyncBackend closing = closedAfterwards(open(vertx));
    get(closing.acquire(LeaseRequest.of(key, token(), LONG, "the closed one")));
    get(closing.close());
    assertThat(get(backend.find(key)).orElseThrow().owner()).isEqualTo("the closed one");
  }
}
