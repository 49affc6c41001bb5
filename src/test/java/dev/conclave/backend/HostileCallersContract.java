package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * What callers throw is theirs: a listener of an answer, a hint or a turn that throws fails no step
 * that was carried out, and no other caller notices. Nor does a holder notice how many ask for its
 * key.
 */
public abstract class HostileCallersContract extends WaitersContract {
  private static final int CALLERS = 8;

  private static final String MESSAGE = "thrown by a caller, as this test wants it";

  /** Not an Exception: a backend that catches those only is harmed by it. */
  private static final class HostileError extends Error {
    private static final long serialVersionUID = 1;

    private HostileError() {
      super(MESSAGE, null, false, false);
    }
  }

  /** Without a stack, as it is logged often. */
  private static final class HostileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private HostileException() {
      super(MESSAGE, null, false, false);
    }
  }

  private final AtomicInteger thrown = new AtomicInteger();

  private void fail() {
    if (thrown.incrementAndGet() % 2 == 0) {
      throw new HostileException();
    }
    throw new HostileError();
  }

  /** Every operation; what they answer does not matter. */
  private static List<Function<SyncBackend, Future<?>>> everyOperation() {
    LeaseKey key = key();
    String token = token();
    return List.of(
        b -> b.acquire(LeaseRequest.of(key, token, LONG, "owner")),
        b -> b.extend(key, token, LONG),
        b -> b.find(key),
        b -> b.owns(key, token),
        b -> b.list(LeaseKey.Kind.LOCK, key.name(), null, 10),
        b -> b.leave(key, token()),
        b -> b.revoke(key),
        b -> b.release(key, token),
        b -> b.advance(key.name(), 1),
        b -> b.register(key.name()),
        SyncBackend::ping);
  }

  /** Where an answer is there at once, the listener throws where it is added, as callers expect. */
  private void failWhenAnswered(Future<?> answer) {
    try {
      answer.onComplete(outcome -> fail());
    } catch (HostileError | HostileException atOnce) {
      assertThat(answer.isComplete()).isTrue();
    }
  }

  private void assertWorks(SyncBackend asked) {
    LeaseKey key = key();
    String token = token();
    assertThat(get(asked.acquire(LeaseRequest.of(key, token, LONG, "after"))).granted()).isTrue();
    assertThat(get(asked.release(key, token))).isTrue();
  }

  @Test
  void aListenerThatThrowsOnAThreadWithoutContextHarmsNoOther() {
    vertx.exceptionHandler(expected -> {});
    for (Function<SyncBackend, Future<?>> operation : everyOperation()) {
      List<Future<?>> others = new ArrayList<>();
      int before = thrown.get();
      for (int i = 0; i < CALLERS; i++) {
        failWhenAnswered(operation.apply(backend));
        others.add(operation.apply(backend));
      }
      others.forEach(other -> get(other));
      eventually("all of them have thrown", () -> thrown.get() == before + CALLERS);
    }
    assertWorks(backend);
  }

  @Test
  void aListenerThatThrowsOnAnEventLoopHarmsNoOther() {
    vertx.exceptionHandler(expected -> {});
    Context context = vertx.getOrCreateContext();
    for (Function<SyncBackend, Future<?>> operation : everyOperation()) {
      List<Promise<Object>> others = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        others.add(Promise.promise());
      }
      context.runOnContext(
          start -> {
            for (Promise<Object> other : others) {
              failWhenAnswered(operation.apply(backend));
              operation.apply(backend).<Object>map(done -> done).onComplete(other);
            }
          });
      others.forEach(other -> get(other.future()));
    }
    assertWorks(backend);
  }

  @Test
  void aListenerThatThrowsWhenTheBackendIsClosedHarmsNoOther() {
    vertx.exceptionHandler(expected -> {});
    SyncBackend closing = closedAfterwards(open(vertx));
    get(closing.ping());
    List<Future<?>> others = new ArrayList<>();
    for (Function<SyncBackend, Future<?>> operation : everyOperation()) {
      failWhenAnswered(operation.apply(closing));
      others.add(operation.apply(closing));
    }
    Future<Void> closed = closing.close();
    failWhenAnswered(closed);
    get(closing.close());
    others.forEach(other -> eventually("a call under way completes", other::isComplete));
  }

  @Test
  void aHintThatThrowsFailsNoStepAndSilencesNoOther() {
    if (!hints()) {
      return;
    }
    vertx.exceptionHandler(expected -> {});
    LeaseKey key = key();
    AtomicInteger hints = new AtomicInteger();
    List<Watch> watches =
        List.of(
            backend.watch(key, this::fail),
            backend.watch(key, hints::incrementAndGet),
            backend.watch(key, this::fail));
    for (int round = 0; round < 3; round++) {
      int before = hints.get();
      eventually(
          "a hint after one that throws",
          () -> {
            String token = token();
            acquire(key, token, LONG);
            assertThat(get(backend.extend(key, token, LONG))).isTrue();
            assertThat(get(backend.release(key, token))).isTrue();
            return hints.get() > before;
          });
      quiet(hints);
    }
    assertThat(thrown.get()).isPositive();
    watches.forEach(Watch::close);
  }

  @Test
  void aTurnThatThrowsFailsNoStepAndSilencesNoOther() {
    vertx.exceptionHandler(expected -> {});
    LeaseKey key = key();
    String holder = token();
    acquire(key, holder, LONG);
    AtomicInteger turns = new AtomicInteger();
    List<LeaseRequest> hostile = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      hostile.add(LeaseRequest.of(key, token(), LONG, "hostile").waiting(LONG, this::fail));
    }
    LeaseRequest second =
        LeaseRequest.of(key, token(), LONG, "second").waiting(LONG, turns::incrementAndGet);
    hostile.forEach(one -> assertThat(get(backend.acquire(one)).granted()).isFalse());
    assertThat(get(backend.acquire(second)).granted()).isFalse();
    assertThat(get(backend.release(key, holder))).isTrue();
    if (handsOver()) {
      // The offers of those who throw lapse, one after the other.
      eventually("the turn of the one behind", () -> turns.get() > 0);
      assertThat(thrown.get()).isGreaterThanOrEqualTo(2);
    }
    eventually("the next is granted it", () -> get(backend.acquire(second)).granted());
    assertThat(get(backend.revoke(key))).isTrue();
    assertWorks(backend);
  }

  @Test
  void aRevokeSucceedsThoughTheNextTurnThrows() {
    vertx.exceptionHandler(expected -> {});
    LeaseKey key = key();
    acquire(key, token(), LONG);
    String waiter = token();
    get(backend.acquire(LeaseRequest.of(key, waiter, LONG, "hostile").waiting(LONG, this::fail)));
    assertThat(get(backend.revoke(key))).isTrue();
    assertThat(get(backend.find(key))).isEmpty();
    get(backend.leave(key, waiter));
    assertThat(get(backend.acquire(LeaseRequest.of(key, token(), LONG, "next"))).granted())
        .isTrue();
  }

  @Test
  void notificationsThatThrowHarmNoOtherCaller() {
    LeaseKey key = key();
    String holder = token();
    acquire(key, holder, LONG);
    AtomicInteger hints = new AtomicInteger();
    Runnable throwing =
        () -> {
          throw new StackOverflowError("of a test");
        };
    try (Watch broken = backend.watch(key, throwing);
        Watch sound = backend.watch(key, hints::incrementAndGet)) {
      LeaseRequest waiting = LeaseRequest.of(key, token(), LONG, "waiter").waiting(LONG, throwing);
      assertThat(get(backend.acquire(waiting)).granted()).isFalse();
      int before = hints.get();
      assertThat(get(backend.release(key, holder))).isTrue();
      eventually("the claim", () -> get(backend.acquire(waiting)).granted());
      eventually("a sound hint next to a broken one", () -> !hints() || hints.get() > before);
      assertThat(get(backend.release(key, waiting.token()))).isTrue();
    }
    acquire(key, token(), LONG);
  }

  /**
   * Were each of them a round trip before it, the renewal would come after the backend's timeout.
   */
  @Test
  void aCrowdOnOneKeyDoesNotKeepItsHolderFromRenewing() {
    SyncBackend far = sharesStore() ? openAtDistance(vertx, Duration.ofMillis(2)) : backend;
    if (far != backend) {
      closedAfterwards(far);
    }
    get(far.ping());
    LeaseKey key = key();
    String holder = token();
    assertThat(get(far.acquire(LeaseRequest.of(key, holder, LONG, "holder"))).granted()).isTrue();
    List<Future<Acquisition>> strangers = new ArrayList<>();
    List<Future<Optional<Lease>>> readers = new ArrayList<>();
    for (int i = 0; i < 1_500; i++) {
      strangers.add(far.acquire(LeaseRequest.of(key, token(), LONG, "stranger")));
      readers.add(far.find(key));
    }
    assertThat(get(far.extend(key, holder, LONG)))
        .as("the renewal of a holder whose key %d others ask for", 2 * strangers.size())
        .isTrue();
    strangers.forEach(stranger -> eventually("an answer", stranger::isComplete));
    assertThat(strangers).noneMatch(answer -> answer.succeeded() && answer.result().granted());
    readers.forEach(reader -> eventually("an answer", reader::isComplete));
    assertThat(get(far.release(key, holder))).isTrue();
  }
}
