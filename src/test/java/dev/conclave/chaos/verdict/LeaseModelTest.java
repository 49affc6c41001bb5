package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.chaos.verdict.History.Span;
import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.chaos.verdict.SequentialLease.State;
import dev.conclave.testing.ManualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The queue, inspection and revocation in the model: legal histories and violations. */
class LeaseModelTest {
  private static final long OFFER = 500;
  private static final long SLACK = 10;
  private static final long NEVER = Long.MAX_VALUE;

  private final OperationsFixture history = new OperationsFixture();
  private final List<Span> crashes = new ArrayList<>();

  private boolean holds() {
    return judge(history.all(), crashes, 1);
  }

  private static boolean judge(List<LeaseOperation> all, List<Span> crashes, long unit) {
    LeaseModel model = new LeaseModel(all, SLACK * unit, OFFER * unit, crashes);
    return LeaseLinearizability.holds(all, model, List.of(State.FREE));
  }

  private void releasedWithOneWaiting() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 5_000);
    history.release("a", 40, 50, true);
  }

  @Test
  void acceptsThatAnOfferIsRefusedToOthersUntilItIsClaimed() {
    releasedWithOneWaiting();
    history.acquire("c", 60, 70, 0);
    history.find(75, 76, 0);
    history.acquire("b", 80, 90, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsThatAnOfferLapsesAndGoesToTheNextWaiter() {
    releasedWithOneWaiting();
    history.waits("d", 31, 32, 5_000);
    history.acquire("c", 540, 545, 0);
    history.acquire("c", 700, 710, 0);
    history.acquire("c", 1_200, 1_210, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void findsARefusalToHimWhoIsOfferedIt() {
    releasedWithOneWaiting();
    history.acquire("b", 60, 70, 0);
    history.acquire("c", 80, 90, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAGrantInSpiteOfAnOffer() {
    releasedWithOneWaiting();
    history.acquire("c", 60, 70, 0);
    history.acquire("d", 80, 90, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferThatStandsTooLong() {
    releasedWithOneWaiting();
    history.acquire("c", 570, 580, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferToOneWhosePatienceIsOver() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 100);
    history.release("a", 200, 210, true);
    history.acquire("c", 220, 230, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferToOneWhoHasGivenUp() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 5_000);
    history.release("b", 31, 32, false);
    history.release("a", 40, 50, true);
    history.acquire("c", 60, 70, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferAfterAnExpiry() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 5_000);
    history.acquire("c", 1_030, 1_040, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOldFenceForAClaim() {
    releasedWithOneWaiting();
    history.acquire("b", 80, 90, 5);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnExtensionOfAnOffer() {
    releasedWithOneWaiting();
    history.extend("b", 60, 70, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void acceptsThatADeclinedOfferIsFree() {
    releasedWithOneWaiting();
    history.release("b", 60, 70, false);
    history.acquire("c", 80, 90, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsALeaseThatIsBackAfterACrashOnlyThen() {
    releasedWithOneWaiting();
    history.extend("a", 300, 310, true);
    assertThat(holds()).isFalse();
    crashes.add(new Span("crash", "store", 200, 250, 0));
    assertThat(holds()).isTrue();
    history.acquire("b", 100, 110, 6);
    assertThat(holds()).as("a claim is durable").isFalse();
  }

  @Test
  void acceptsInspectionAndRevocation() {
    history.find(0, 1, 0);
    history.acquire("a", 2, 10, 5);
    history.find(20, 30, 5);
    history.owns("a", 20, 30, true);
    history.owns("b", 20, 30, false);
    history.revoke(40, 50, true);
    history.owns("a", 60, 70, false);
    history.revoke(80, 90, false);
    history.acquire("b", 100, 110, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsThatAnUnknownGrantIsFound() {
    history.add(Kind.ACQUIRE, "a", 0, NEVER, Outcome.UNKNOWN, 0);
    history.find(20, 30, 5);
    history.acquire("a", 40, 50, 5);
    assertThat(holds()).isTrue();
    history.acquire("a", 60, 70, 6);
    assertThat(holds()).as("another number for what was found").isFalse();
  }

  @Test
  void findsARevokeThatDoesNothing() {
    history.acquire("a", 0, 10, 5);
    history.revoke(20, 30, true);
    history.extend("a", 40, 50, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsARevokeThatOverlooksTheHolder() {
    history.acquire("a", 0, 10, 5);
    history.revoke(20, 30, false);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAHolderThatIsNotFound() {
    history.acquire("a", 0, 10, 5);
    history.find(20, 30, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAHolderThatIsFoundAfterItsRelease() {
    history.acquire("a", 0, 10, 5);
    history.release("a", 12, 14, true);
    history.find(20, 30, 5);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAHolderWithAnotherFence() {
    history.acquire("a", 0, 10, 5);
    history.find(20, 30, 4);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOfferThatIsFoundAsAHolding() {
    releasedWithOneWaiting();
    history.find(60, 70, 5);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsOwnersWhoAreNone() {
    history.acquire("a", 0, 10, 5);
    history.owns("b", 20, 30, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnOwnerWhoIsNotKnown() {
    history.acquire("a", 0, 10, 5);
    history.owns("a", 20, 30, false);
    assertThat(holds()).isFalse();
  }

  @Test
  void acceptsWhatTheReferenceDoesAndFindsAFlippedAnswerInMost() {
    int found = 0;
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      List<LeaseOperation> real = onMemory(random, 80);
      assertThat(judge(real, List.of(), 1_000_000)).as("seed %d", seed).isTrue();
      List<LeaseOperation> planted = new ArrayList<>(real);
      int at = random.nextInt(real.size());
      planted.set(at, flipped(real.get(at)));
      found += judge(planted, List.of(), 1_000_000) ? 0 : 1;
    }
    assertThat(found).isGreaterThan(30);
  }

  @Test
  void acceptsThatOneIsOfferedItDeclinesAndIsRefusedWhileItIsTheNextOnes() {
    releasedWithOneWaiting();
    history.waits("c", 51, 52, 5_000);
    history.release("x", 530, 600, false);
    history.waits("d", 610, 680, 5_000);
    history.release("c", 640, 700, false);
    history.acquire("c", 740, 800, 0);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsThatWhoLeavesIsOfferedNothingAndPassesOnWhatItWasOffered() {
    releasedWithOneWaiting();
    history.leave("b", 60, 70);
    history.acquire("c", 80, 90, 6);
    history.waits("d", 100, 110, 5_000);
    history.leave("d", 120, 130);
    history.release("c", 140, 150, true);
    history.acquire("e", 160, 170, 7);
    assertThat(holds()).isTrue();
  }

  @Test
  void findsAnOfferToOneWhoHasLeft() {
    history.acquire("a", 0, 10, 5);
    history.waits("b", 20, 30, 5_000);
    history.leave("b", 32, 35);
    history.release("a", 40, 50, true);
    history.acquire("c", 60, 70, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAHoldingThatEndedByLeaving() {
    history.acquire("a", 0, 10, 5);
    history.leave("a", 20, 30);
    history.acquire("c", 60, 70, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void historiesMayBeLong() {
    assertThat(judge(onMemory(new Random(1), 30_000), List.of(), 1_000_000)).isTrue();
  }

  private static LeaseOperation flipped(LeaseOperation one) {
    Outcome other = one.outcome() == Outcome.YES ? Outcome.NO : Outcome.YES;
    return new LeaseOperation(
        one.kind(),
        one.token(),
        one.duration(),
        one.patience(),
        one.process(),
        one.from(),
        one.to(),
        one.outcome() == Outcome.UNKNOWN ? Outcome.UNKNOWN : other,
        one.fence());
  }

  /** What callers see of the reference backend, with random overlaps and lost answers. */
  private static List<LeaseOperation> onMemory(Random random, int count) {
    ManualScheduler time = new ManualScheduler();
    MemoryBackend backend = new MemoryBackend(time);
    LeaseKey key = LeaseKey.lock("k");
    List<LeaseOperation> seen = new ArrayList<>();
    time.advance(Duration.ofMillis(100));
    for (int i = 0; i < count; i++) {
      time.advance(Duration.ofMillis(20 + random.nextInt(200)));
      long now = time.nanoTime();
      String token = "t" + random.nextInt(4);
      Kind kind = Kind.values()[Math.max(0, random.nextInt(10) - 3)];
      Duration patience = Duration.ofMillis(random.nextInt(3) * 700);
      Duration lease = Duration.ofMillis(1_000);
      long fence = 0;
      boolean yes = false;
      switch (kind) {
        case ACQUIRE -> {
          LeaseRequest request = LeaseRequest.of(key, token, lease, "owner");
          Acquisition answer =
              backend
                  .acquire(patience.isZero() ? request : request.waiting(patience, () -> {}))
                  .result();
          yes = answer.granted();
          fence = answer instanceof Acquisition.Granted grant ? grant.fencingToken() : 0;
        }
        case EXTEND -> yes = backend.extend(key, token, lease).result();
        case RELEASE -> yes = backend.release(key, token).result();
        case LEAVE -> backend.leave(key, token).result();
        case REVOKE -> yes = backend.revoke(key).result();
        case FIND -> {
          fence = backend.find(key).result().map(Lease::fencingToken).orElse(0L);
          yes = fence > 0;
        }
        case OWNS -> yes = backend.owns(key, token).result();
      }
      long around = 1_000_000L * random.nextInt(60);
      LeaseOperation one =
          new LeaseOperation(
              kind,
              token,
              lease.toNanos(),
              patience.toNanos(),
              "p",
              now - around,
              now + 60_000_000 - around,
              yes ? Outcome.YES : Outcome.NO,
              fence);
      seen.add(count < 1_000 && random.nextInt(12) == 0 ? one.pending() : one);
    }
    return seen;
  }
}
