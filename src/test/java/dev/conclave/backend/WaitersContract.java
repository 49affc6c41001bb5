package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Rules of hints and of the queue. */
public abstract class WaitersContract extends InspectionContract {
  /** The failure of a backend that should have overridden {@link #handsOver}. */
  private static final String HANDS_OVER =
      "a released lease is offered to the first in the queue, and refused to all others meanwhile; a"
          + " backend that does not hand over overrides handsOver() in its test to return false";

  private static final String HINTS =
      "a hint of a watch; a backend whose watches are never notified overrides hints() in its test"
          + " to return false";

  /** Ends the holding of a key with a queue: it is offered, so another client cannot have it. */
  protected final void offers(LeaseKey key, Supplier<Future<Boolean>> ending) {
    Future<Boolean> ended = ending.get();
    Future<Acquisition> stranger =
        backend.acquire(LeaseRequest.of(key, token(), SHORT, "stranger"));
    assertThat(get(ended)).isTrue();
    assertThat(get(stranger).granted()).as(HANDS_OVER).isFalse();
  }

  // ---- hints and the queue

  @Test
  void watchHintsArriveOnGrantReleaseAndRevoke() {
    if (!hints()) {
      return;
    }
    LeaseKey key = key();
    AtomicInteger hints = new AtomicInteger();
    SyncBackend watcher = another();
    Watch watch = watcher.watch(key, hints::incrementAndGet);
    // A watch may take a moment to reach the server: change something until it is notified.
    eventually(
        HINTS,
        () -> {
          String token = token();
          acquire(key, token, LONG);
          get(backend.release(key, token));
          return hints.get() > 0;
        });
    String token = token();
    hints(hints, () -> acquire(key, token, LONG));
    hints(hints, () -> get(backend.release(key, token)));
    acquire(key, token(), LONG);
    hints(hints, () -> get(backend.revoke(key)));
    watch.close();
    watch.close();
  }

  private void hints(AtomicInteger hints, Runnable change) {
    quiet(hints);
    int before = hints.get();
    change.run();
    eventually(HINTS, () -> hints.get() > before);
  }

  protected static void quiet(AtomicInteger counter) {
    int[] last = {-1};
    eventually(
        "quiet",
        () -> {
          boolean same = last[0] == counter.get();
          last[0] = counter.get();
          pause(Duration.ofMillis(60));
          return same;
        });
  }

  @Test
  void aClosedWatchIsNotNotified() {
    if (!hints()) {
      return;
    }
    LeaseKey key = key();
    AtomicInteger closed = new AtomicInteger();
    AtomicInteger open = new AtomicInteger();
    Watch first = backend.watch(key, closed::incrementAndGet);
    Watch second = backend.watch(key, open::incrementAndGet);
    first.close();
    quiet(closed);
    int before = closed.get();
    eventually(
        HINTS,
        () -> {
          String token = token();
          acquire(key, token, LONG);
          get(backend.release(key, token));
          return open.get() > 0;
        });
    assertThat(closed.get()).isEqualTo(before);
    second.close();
  }

  @Test
  void aWaitersTurnComesOnRelease() {
    LeaseKey key = key();
    String holder = token();
    String waiter = token();
    acquire(key, holder, LONG);
    AtomicInteger turns = new AtomicInteger();
    SyncBackend other = another();
    LeaseRequest request =
        LeaseRequest.of(key, waiter, LONG, "waiter").waiting(LONG, turns::incrementAndGet);
    assertThat(get(other.acquire(request)).granted()).isFalse();
    if (!handsOver()) {
      return;
    }
    offers(key, () -> backend.release(key, holder));
    eventually("the waiter's turn", () -> turns.get() > 0);
    assertThat(get(other.acquire(request)).granted()).isTrue();
  }

  @Test
  void aWaitersTurnComesOnRevoke() {
    LeaseKey key = key();
    acquire(key, token(), LONG);
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest request =
        LeaseRequest.of(key, token(), LONG, "waiter").waiting(LONG, turns::incrementAndGet);
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    if (!handsOver()) {
      return;
    }
    offers(key, () -> backend.revoke(key));
    eventually("the waiter's turn", () -> turns.get() > 0);
    assertThat(get(backend.acquire(request)).granted()).isTrue();
  }

  @Test
  void anOfferIsForTheFirstWaiterOnly() {
    if (!handsOver()) {
      return;
    }
    LeaseKey key = key();
    String holder = token();
    String first = token();
    String second = token();
    long fence = acquire(key, holder, LONG);
    AtomicInteger firstTurns = new AtomicInteger();
    AtomicInteger secondTurns = new AtomicInteger();
    LeaseRequest one =
        LeaseRequest.of(key, first, LONG, "first").waiting(LONG, firstTurns::incrementAndGet);
    LeaseRequest two =
        LeaseRequest.of(key, second, LONG, "second").waiting(LONG, secondTurns::incrementAndGet);
    SyncBackend other = another();
    assertThat(get(backend.acquire(one)).granted()).isFalse();
    assertThat(get(other.acquire(two)).granted()).isFalse();
    Future<Boolean> released = backend.release(key, holder);
    Future<Acquisition> stranger = backend.acquire(LeaseRequest.of(key, token(), LONG, "stranger"));
    Future<Optional<Lease>> found = backend.find(key);
    Future<Boolean> owned = backend.owns(key, first);
    Future<Acquisition> claimed = backend.acquire(one);
    assertThat(get(released)).isTrue();
    assertThat(get(stranger)).as(HANDS_OVER).isInstanceOf(Acquisition.Refused.class);
    assertThat(((Acquisition.Refused) get(stranger)).holder().remaining()).isLessThan(LONG);
    assertThat(get(found)).isEmpty();
    assertThat(get(owned)).isFalse();
    assertThat(get(claimed)).isInstanceOf(Acquisition.Granted.class);
    assertThat(((Acquisition.Granted) get(claimed)).fencingToken()).isGreaterThan(fence);
    assertThat(get(backend.owns(key, first))).isTrue();
    assertThat(secondTurns.get()).isZero();
    get(backend.release(key, first));
    eventually("the second waiter's turn", () -> secondTurns.get() > 0);
    assertThat(get(other.acquire(two)).granted()).isTrue();
  }

  @Test
  void leavingEndsAPositionInTheQueueAndNeverAHolding() {
    LeaseKey key = key();
    String holder = token();
    String waiter = token();
    long fence = acquire(key, holder, LONG);
    assertThat(
            get(backend.acquire(
                    LeaseRequest.of(key, waiter, LONG, "waiter").waiting(LONG, () -> {})))
                .granted())
        .isFalse();
    get(backend.leave(key, holder));
    get(backend.leave(key, waiter));
    get(backend.leave(key, waiter));
    get(backend.leave(key, token()));
    assertThat(get(backend.owns(key, holder))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().fencingToken()).isEqualTo(fence);
    get(backend.release(key, holder));
    assertThat(get(backend.acquire(LeaseRequest.of(key, token(), LONG, "next"))).granted())
        .as("the queue is empty")
        .isTrue();
    assertThat(failureOf(backend.leave(key, ""))).matches(ErrorCode.INVALID::is);
  }

  @Test
  void leavingGivesUpAnOffer() {
    if (!handsOver()) {
      return;
    }
    LeaseKey key = key();
    String holder = token();
    String first = token();
    acquire(key, holder, LONG);
    AtomicInteger secondTurns = new AtomicInteger();
    LeaseRequest one = LeaseRequest.of(key, first, LONG, "first").waiting(LONG, () -> {});
    LeaseRequest two =
        LeaseRequest.of(key, token(), LONG, "second").waiting(LONG, secondTurns::incrementAndGet);
    assertThat(get(backend.acquire(one)).granted()).isFalse();
    assertThat(get(backend.acquire(two)).granted()).isFalse();
    offers(key, () -> backend.release(key, holder));
    get(backend.leave(key, first));
    eventually("the second waiter's turn", () -> secondTurns.get() > 0);
    assertThat(get(backend.acquire(two)).granted()).isTrue();
  }

  @Test
  void anOfferThatIsGivenUpWithAnEmptyQueueBehindItLeavesTheLeaseFree() {
    LeaseKey key = key();
    String holder = token();
    String waiter = token();
    acquire(key, holder, LONG);
    LeaseRequest request = LeaseRequest.of(key, waiter, LONG, "waiter").waiting(LONG, () -> {});
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    // Sent together, so that the offer has not lapsed by itself meanwhile.
    Future<Boolean> released = backend.release(key, holder);
    Future<Void> left = backend.leave(key, waiter);
    Future<Acquisition> next = backend.acquire(LeaseRequest.of(key, token(), LONG, "next"));
    assertThat(get(released)).isTrue();
    get(left);
    assertThat(get(next).granted()).isTrue();
  }

  @Test
  void anUnclaimedOfferLapsesSoonAndGoesToTheNext() {
    if (!handsOver()) {
      return;
    }
    LeaseKey key = key();
    String holder = token();
    acquire(key, holder, LONG);
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest dead = LeaseRequest.of(key, token(), LONG, "dead").waiting(LONG, () -> {});
    LeaseRequest live =
        LeaseRequest.of(key, token(), LONG, "live").waiting(LONG, turns::incrementAndGet);
    SyncBackend other = another();
    assertThat(get(backend.acquire(dead)).granted()).isFalse();
    assertThat(get(other.acquire(live)).granted()).isFalse();
    offers(key, () -> backend.release(key, holder));
    eventually("the live waiter's turn", () -> turns.get() > 0);
    eventually("the live waiter's grant", () -> get(other.acquire(live)).granted());
  }

  @Test
  void aPositionInTheQueueLapsesWithItsPatience() {
    if (!handsOver()) {
      return;
    }
    LeaseKey key = key();
    String holder = token();
    acquire(key, holder, LONG);
    AtomicInteger turns = new AtomicInteger();
    get(
        backend.acquire(
            LeaseRequest.of(key, token(), LONG, "gone").waiting(SHORT, turns::incrementAndGet)));
    pause(SHORT.plusMillis(100));
    get(backend.release(key, holder));
    assertThat(tryAcquire(key, token(), LONG).granted()).isTrue();
    assertThat(turns.get()).isZero();
  }

  @Test
  void releaseGivesUpAPositionInTheQueueAndAnOffer() {
    if (!handsOver()) {
      return;
    }
    LeaseKey key = key();
    String holder = token();
    String quitter = token();
    String refuser = token();
    acquire(key, holder, LONG);
    AtomicInteger quitterTurns = new AtomicInteger();
    AtomicInteger refuserTurns = new AtomicInteger();
    get(
        backend.acquire(
            LeaseRequest.of(key, quitter, LONG, "quitter")
                .waiting(LONG, quitterTurns::incrementAndGet)));
    get(
        backend.acquire(
            LeaseRequest.of(key, refuser, LONG, "refuser")
                .waiting(LONG, refuserTurns::incrementAndGet)));
    assertThat(get(backend.release(key, quitter))).isFalse();
    offers(key, () -> backend.release(key, holder));
    eventually("the refuser's turn", () -> refuserTurns.get() > 0);
    assertThat(get(backend.release(key, refuser))).isFalse();
    assertThat(tryAcquire(key, token(), LONG).granted()).isTrue();
    assertThat(quitterTurns.get()).isZero();
  }

  @Test
  void aWaiterWhoseTurnNeverComesGetsItAtExpiry() {
    LeaseKey key = key();
    acquire(key, token(), SHORT);
    LeaseRequest waiter = LeaseRequest.of(key, token(), LONG, "waiter").waiting(LONG, () -> {});
    assertThat(get(backend.acquire(waiter)).granted()).isFalse();
    eventually("the lease expires", () -> get(backend.acquire(waiter)).granted());
  }
}
