package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.object.Names;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Electors by client-go's rules and ours compete for one Lease: both ways, and never two lead. */
class KubernetesClientGoTest extends FakeApiServerFixture {
  private static final Duration A_SECOND = Duration.ofSeconds(1);
  private static final Duration A_YEAR = Duration.ofDays(365);

  private ClientGoElector elector(LeaseKey key, Duration clockError) {
    String identity = "client-go-" + UUID.randomUUID();
    return new ClientGoElector(
        server.url(), FakeApiServer.LEASES, Names.of(key), identity, clockError);
  }

  @Test
  void weRespectAClientGoLeaderUntilItIsObservedDead() {
    LeaseKey key = key();
    ClientGoElector elector = elector(key, A_YEAR.negated());
    assertThat(elector.tryAcquireOrRenew()).isTrue();
    SyncBackend backend = open();
    for (int i = 0; i < 6; i++) {
      Acquisition answer = ask(backend, key, "token", LONG);
      assertThat(answer).as("a clock that is a year late").isInstanceOf(Acquisition.Refused.class);
      assertThat(((Acquisition.Refused) answer).holder().owner()).isEqualTo(elector.identity());
      pause(Duration.ofMillis(250));
      assertThat(elector.tryAcquireOrRenew()).isTrue();
    }
    long died = System.nanoTime();
    eventually("it is dead", () -> ask(backend, key, "token", LONG).granted());
    assertThat(Duration.ofNanos(System.nanoTime() - died)).isGreaterThan(Duration.ofMillis(900));
    assertThat(elector.tryAcquireOrRenew()).as("it has lost").isFalse();
  }

  @Test
  void aClientGoElectorRespectsUsUntilWeAreObservedDead() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", LONG);
    ClientGoElector elector = elector(key, A_YEAR);
    assertThat(elector.tryAcquireOrRenew()).isFalse();
    for (int i = 0; i < 6; i++) {
      assertThat(get(backend.extend(key, "token", Duration.ofSeconds(3)))).isTrue();
      pause(Duration.ofMillis(250));
      assertThat(elector.tryAcquireOrRenew()).as("a clock that is a year early").isFalse();
    }
    eventually("we are dead", elector::tryAcquireOrRenew);
    assertThat(get(backend.extend(key, "token", LONG))).isFalse();
    assertThat(ask(backend, key, "token", LONG)).isInstanceOf(Acquisition.Refused.class);
  }

  @Test
  void eachTakesWhatTheOtherReleases() {
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    get(backend.release(key, "token"));
    ClientGoElector elector = elector(key, Duration.ZERO);
    assertThat(elector.tryAcquireOrRenew()).isTrue();
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest request =
        LeaseRequest.of(key, "next", LONG, "o").waiting(LONG, turns::incrementAndGet);
    assertThat(get(backend.acquire(request)).granted()).isFalse();
    assertThat(elector.release()).isTrue();
    eventually("the turn", () -> turns.get() > 0);
    assertThat(((Acquisition.Granted) get(backend.acquire(request))).fencingToken())
        .as("its holding has been counted")
        .isGreaterThan(fence + 1);
    assertThat(elector.tryAcquireOrRenew()).isFalse();
    assertThat(spec(stored(key)).getInteger("leaseTransitions")).isEqualTo(2);
  }

  /** A time in which a candidate believed to lead; from the local monotonic clock. */
  private static final class Reign {
    final String who;
    final long fence;
    final long from;
    volatile long until;

    Reign(String who, long fence, long from, long until) {
      this.who = who;
      this.fence = fence;
      this.from = from;
      this.until = until;
    }
  }

  private final List<Reign> reigns = new CopyOnWriteArrayList<>();
  private final AtomicBoolean over = new AtomicBoolean();

  /** One candidacy: renews until it steps down or falls silent. */
  private interface Candidate {
    /** Tries once; the fencing token, 0 without one, or -1 when it does not lead. */
    long attempt();

    void stepDown();
  }

  private Candidate ours(SyncBackend backend, LeaseKey key) {
    String token = UUID.randomUUID().toString();
    return new Candidate() {
      private boolean leads;
      private long fence;

      @Override
      public long attempt() {
        if (leads) {
          return get(backend.extend(key, token, A_SECOND)) ? fence : -1;
        }
        if (ask(backend, key, token, A_SECOND) instanceof Acquisition.Granted granted) {
          leads = true;
          fence = granted.fencingToken();
          return fence;
        }
        return -1;
      }

      @Override
      public void stepDown() {
        get(backend.release(key, token));
      }
    };
  }

  private Candidate theirs(LeaseKey key, Duration clockError) {
    ClientGoElector elector = elector(key, clockError);
    return new Candidate() {
      @Override
      public long attempt() {
        return elector.tryAcquireOrRenew() ? 0 : -1;
      }

      @Override
      public void stepDown() {
        elector.release();
      }
    };
  }

  private Thread campaign(
      String who, long seed, Duration validity, java.util.function.Supplier<Candidate> candidates) {
    Random random = new Random(seed);
    Thread thread =
        new Thread(
            () -> {
              while (!over.get()) {
                candidacy(who, random, validity, candidates.get());
              }
            },
            who);
    thread.start();
    return thread;
  }

  private void candidacy(String who, Random random, Duration validity, Candidate candidate) {
    Reign reign = null;
    while (!over.get()) {
      long sent = System.nanoTime();
      long fence = candidate.attempt();
      long now = System.nanoTime();
      long until = sent + validity.toNanos();
      if (fence < 0 && reign != null) {
        return; // lost; its reign has ended by itself
      }
      if (fence >= 0 && reign == null) {
        reign = new Reign(who, fence, now, Math.max(now, until));
        reigns.add(reign);
      } else if (reign != null) {
        if (now > reign.until) {
          return; // renewed too late to have led all the time
        }
        reign.until = until;
      }
      if (reign != null && random.nextInt(4) == 0) {
        if (random.nextBoolean()) {
          reign.until = Math.min(reign.until, System.nanoTime());
          candidate.stepDown();
          pause(Duration.ofMillis(random.nextInt(100)));
        }
        return; // otherwise it crashes
      }
      pause(Duration.ofMillis(30 + random.nextInt(60)));
    }
  }

  private long reignsOf(String who) {
    return reigns.stream().filter(reign -> reign.who.startsWith(who)).count();
  }

  @Test
  void neverTwoLeadWhereElectorsOfBothKindsFight() throws InterruptedException {
    LeaseKey key = key();
    SyncBackend one = open();
    SyncBackend two = open();
    // Ours lead for the lease less the margin; client-go's until its renewDeadline.
    Duration less = Duration.ofMillis(988);
    Duration renewDeadline = Duration.ofMillis(700);
    List<Thread> threads =
        List.of(
            campaign("ours-1", 1, less, () -> ours(one, key)),
            campaign("ours-2", 2, less, () -> ours(two, key)),
            campaign("client-go-1", 3, renewDeadline, () -> theirs(key, A_YEAR)),
            campaign("client-go-2", 4, renewDeadline, () -> theirs(key, A_YEAR.negated())));
    try {
      eventually(
          "both kinds have led several times",
          () -> reignsOf("ours") >= 6 && reignsOf("client-go") >= 6);
    } finally {
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    List<Reign> sorted = new ArrayList<>(reigns);
    sorted.sort(Comparator.comparingLong(reign -> reign.from));
    long lastFence = 0;
    for (int i = 0; i < sorted.size(); i++) {
      Reign reign = sorted.get(i);
      for (Reign later : sorted.subList(i + 1, sorted.size())) {
        assertThat(later.from - reign.until)
            .as("%s began while %s led", later.who, reign.who)
            .isGreaterThanOrEqualTo(0);
      }
      if (reign.fence > 0) {
        assertThat(reign.fence).isGreaterThan(lastFence);
        lastFence = reign.fence;
      }
    }
  }
}
