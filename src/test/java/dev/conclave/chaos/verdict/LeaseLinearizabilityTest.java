package dev.conclave.chaos.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.chaos.verdict.SequentialLease.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The checker itself: it accepts what a lease can do, and finds every kind of planted violation.
 */
class LeaseLinearizabilityTest {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long LEASE = 1_000;
  private static final long OFFER = 500;

  private final List<LeaseOperation> history = new ArrayList<>();

  private void add(Kind kind, String token, long from, long to, Outcome outcome, long fence) {
    history.add(new LeaseOperation(kind, token, LEASE, 0, "p", from, to, outcome, fence));
  }

  private void acquire(String token, long from, long to, long fence) {
    add(Kind.ACQUIRE, token, from, to, fence > 0 ? Outcome.YES : Outcome.NO, fence);
  }

  private void extend(String token, long from, long to, boolean done) {
    add(Kind.EXTEND, token, from, to, done ? Outcome.YES : Outcome.NO, 0);
  }

  private void release(String token, long from, long to, boolean done) {
    add(Kind.RELEASE, token, from, to, done ? Outcome.YES : Outcome.NO, 0);
  }

  private static boolean judge(List<LeaseOperation> history) {
    LeaseModel model = new LeaseModel(history, 10, OFFER, List.of());
    return LeaseLinearizability.holds(history, model, List.of(State.FREE));
  }

  private boolean holds() {
    return judge(history);
  }

  @Test
  void acceptsAcquireRefuseExtendReleaseAcquire() {
    acquire("a", 0, 10, 5);
    acquire("b", 20, 30, 0);
    extend("a", 40, 50, true);
    release("b", 60, 70, false);
    release("a", 80, 90, true);
    release("a", 95, 96, false);
    acquire("b", 100, 110, 6);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsConcurrentOperationsInEitherOrder() {
    acquire("a", 0, 100, 0);
    acquire("b", 0, 100, 7);
    release("b", 50, 150, true);
    acquire("a", 60, 160, 8);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsExpiryAndReentrance() {
    acquire("a", 0, 10, 5);
    acquire("a", 20, 30, 5);
    acquire("b", 1_015, 1_019, 0);
    acquire("b", 1_025, 1_030, 6);
    extend("a", 1_040, 1_050, false);
    assertThat(holds()).isTrue();
  }

  @Test
  void acceptsEitherFateOfAnUnknownOutcome() {
    add(Kind.ACQUIRE, "a", 0, NEVER, Outcome.UNKNOWN, 0);
    acquire("b", 100, 110, 0);
    acquire("a", 120, 130, 9);
    assertThat(holds()).isTrue();
    history.clear();
    add(Kind.ACQUIRE, "a", 0, NEVER, Outcome.UNKNOWN, 0);
    acquire("b", 100, 110, 4);
    assertThat(holds()).isTrue();
  }

  @Test
  void findsTwoHoldersAtOnce() {
    acquire("a", 0, 10, 5);
    acquire("b", 20, 30, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnEarlyExpiry() {
    acquire("a", 0, 10, 5);
    acquire("b", 900, 910, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsARefusalWithoutAHolder() {
    acquire("a", 0, 10, 5);
    release("a", 20, 30, true);
    acquire("b", 40, 50, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsALateExpiry() {
    acquire("a", 0, 10, 5);
    acquire("b", 1_100, 1_110, 0);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAnExtendThatAcquiresAfterExpiry() {
    acquire("a", 0, 10, 5);
    extend("a", 1_100, 1_110, true);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAReleaseWithoutTokenCheck() {
    acquire("a", 0, 10, 5);
    release("b", 20, 30, true);
    acquire("b", 40, 50, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAFenceThatDoesNotGrow() {
    acquire("a", 0, 10, 5);
    release("a", 20, 30, true);
    acquire("b", 40, 50, 5);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsAFenceThatChangesWithinAHolding() {
    acquire("a", 0, 10, 5);
    acquire("a", 20, 30, 6);
    assertThat(holds()).isFalse();
  }

  @Test
  void findsALostHolding() {
    acquire("a", 0, 10, 5);
    extend("a", 20, 30, false);
    assertThat(holds()).isFalse();
  }

  @Test
  void acceptsRandomHistoriesOfARealLeaseAndFindsAFlippedAnswerInMost() {
    int found = 0;
    for (long seed = 0; seed < 50; seed++) {
      List<LeaseOperation> real = simulate(new Random(seed));
      assertThat(judge(real)).as("seed %d", seed).isTrue();
      found += judge(flipped(real, new Random(seed))) ? 0 : 1;
    }
    assertThat(found).isGreaterThan(30);
  }

  /** What callers see of a lease that is one variable, with random overlaps. */
  private static List<LeaseOperation> simulate(Random random) {
    List<LeaseOperation> seen = new ArrayList<>();
    String holder = null;
    long until = 0;
    long fence = 0;
    long now = 100;
    for (int i = 0; i < 80; i++) {
      now += 20 + random.nextInt(200);
      if (holder != null && now >= until) {
        holder = null;
      }
      String token = "t" + random.nextInt(3);
      boolean mine = token.equals(holder);
      Kind kind = Kind.values()[random.nextInt(3)];
      boolean done = kind == Kind.ACQUIRE ? mine || holder == null : mine;
      if (done) {
        if (kind == Kind.ACQUIRE && !mine) {
          fence++;
        }
        holder = kind == Kind.RELEASE ? null : token;
        until = now + LEASE;
      }
      long from = now - random.nextInt(80);
      long to = now + random.nextInt(80);
      boolean unknown = random.nextInt(10) == 0;
      Outcome outcome = unknown ? Outcome.UNKNOWN : done ? Outcome.YES : Outcome.NO;
      seen.add(
          new LeaseOperation(
              kind,
              token,
              LEASE,
              0,
              "p",
              from,
              unknown ? NEVER : to,
              outcome,
              unknown ? 0 : fence));
    }
    return seen;
  }

  private static List<LeaseOperation> flipped(List<LeaseOperation> real, Random random) {
    List<LeaseOperation> planted = new ArrayList<>(real);
    int at = 0;
    do {
      at = random.nextInt(real.size());
    } while (real.get(at).outcome() == Outcome.UNKNOWN);
    LeaseOperation one = real.get(at);
    Outcome other = one.outcome() == Outcome.YES ? Outcome.NO : Outcome.YES;
    planted.set(
        at,
        new LeaseOperation(
            one.kind(),
            one.token(),
            one.duration(),
            0,
            "p",
            one.from(),
            one.to(),
            other,
            one.fence()));
    return planted;
  }
}
