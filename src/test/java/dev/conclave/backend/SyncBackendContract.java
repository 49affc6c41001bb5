package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.testing.ManualScheduler;
import dev.conclave.testing.Planted;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The specification of {@link SyncBackend}, in executable form. A backend's test extends it and
 * says how to open one; every test works on names of its own, so a store may be shared.
 */
public abstract class SyncBackendContract {
  /** Long enough that no test outlives it. */
  protected static final Duration LONG = Duration.ofSeconds(60);

  /** Short enough to wait for. */
  protected static final Duration SHORT = Duration.ofMillis(400);

  private final List<SyncBackend> opened = new ArrayList<>();

  /** A Vert.x of this test, closed after it. */
  protected Vertx vertx;

  /** A backend that is open and reachable. */
  protected SyncBackend backend;

  /** Opens one more backend on the same store, as another process would. The suite closes it. */
  protected abstract SyncBackend open(Vertx vertx);

  /**
   * Whether another {@link #open} sees what this backend wrote. Only a backend that lives in one
   * process says no.
   */
  protected boolean sharesStore() {
    return true;
  }

  /** Whether a release offers the lease to the first in line. */
  protected boolean handsOver() {
    return true;
  }

  /** Whether watches ever hear anything; one that is told to do without notifications says no. */
  protected boolean hints() {
    return true;
  }

  /**
   * Whether {@link SyncBackend#register} shows registers and the store's clock. A backend that
   * knows no time of its store says no.
   */
  protected boolean tellsTime() {
    return true;
  }

  /** Opens Vert.x and the backend. */
  @BeforeEach
  void openBackend() {
    vertx = Vertx.vertx();
    backend = another();
    get(backend.ping());
  }

  /** Closes every backend and Vert.x. */
  @AfterEach
  void closeBackends() {
    opened.forEach(b -> get(b.close()));
    get(vertx.close());
  }

  /** One more backend on the same store; the same one where a store can not be shared. */
  protected final SyncBackend another() {
    if (!opened.isEmpty() && !sharesStore()) {
      return backend;
    }
    SyncBackend next = open(vertx);
    opened.add(next);
    return next;
  }

  /** A key nobody else uses. */
  protected static LeaseKey key() {
    return LeaseKey.lock("contract-" + UUID.randomUUID());
  }

  /** A token nobody else has. */
  protected static String token() {
    return Planted.secret();
  }

  protected final Acquisition tryAcquire(LeaseKey key, String token, Duration duration) {
    return get(backend.acquire(LeaseRequest.of(key, token, duration, "owner")));
  }

  protected final long acquire(LeaseKey key, String token, Duration duration) {
    Acquisition answer = tryAcquire(key, token, duration);
    assertThat(answer).isInstanceOf(Acquisition.Granted.class);
    return ((Acquisition.Granted) answer).fencingToken();
  }

  /** Asks until it is granted, which must not be before the lease before it has run out. */
  protected final long acquireAfterExpiry(LeaseKey key, String token) {
    eventually("the lease expires", () -> tryAcquire(key, token, LONG).granted());
    return acquire(key, token, LONG);
  }

  // ---- acquire

  @Test
  void aFreeKeyIsGranted() {
    assertThat(acquire(key(), token(), LONG)).isPositive().isLessThanOrEqualTo(LeaseRules.MAX_MARK);
  }

  @Test
  void aFencingTokenIsTheBackendsTimeInMicroseconds() {
    long fence = acquire(key(), token(), LONG);
    long aDay = Duration.ofDays(1).toMillis() * 1000;
    assertThat(fence).isBetween(System.currentTimeMillis() * 1000 - aDay, LeaseRules.MAX_MARK);
  }

  @Test
  void aRefusalReportsOwnerFencingTokenAndRemaining() {
    LeaseKey key = key();
    long fence =
        ((Acquisition.Granted)
                get(
                    backend.acquire(
                        LeaseRequest.of(key, token(), LONG, "the holder")
                            .withMetadata(new JsonObject().put("room", 7)))))
            .fencingToken();
    Acquisition answer = get(backend.acquire(LeaseRequest.of(key, token(), LONG, "a stranger")));
    assertThat(answer).isInstanceOf(Acquisition.Refused.class);
    Lease holder = ((Acquisition.Refused) answer).holder();
    assertThat(holder.key()).isEqualTo(key);
    assertThat(holder.owner()).isEqualTo("the holder");
    assertThat(holder.fencingToken()).isEqualTo(fence);
    assertThat(holder.remaining()).isPositive().isLessThanOrEqualTo(LONG);
    assertThat(holder.age()).isBetween(Duration.ZERO, LONG);
    assertThat(holder.metadata()).isEqualTo(new JsonObject().put("room", 7));
  }

  @Test
  void theSameTokenExtendsAndKeepsItsFencingToken() {
    LeaseKey key = key();
    String token = token();
    long fence = acquire(key, token, Duration.ofSeconds(5));
    assertThat(acquire(key, token, LONG)).isEqualTo(fence);
    assertThat(get(backend.find(key)).orElseThrow().remaining())
        .isGreaterThan(Duration.ofSeconds(5));
  }

  @Test
  void theSameTokenRefreshesOwnerAndMetadata() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, LONG);
    get(
        backend.acquire(
            LeaseRequest.of(key, token, LONG, "renamed")
                .withMetadata(new JsonObject().put("n", 1))));
    Lease lease = get(backend.find(key)).orElseThrow();
    assertThat(lease.owner()).isEqualTo("renamed");
    assertThat(lease.metadata()).isEqualTo(new JsonObject().put("n", 1));
  }

  @Test
  void expiryFreesWithAGreaterFencingToken() {
    LeaseKey key = key();
    long before = System.nanoTime();
    long first = acquire(key, token(), SHORT);
    long second = acquireAfterExpiry(key, token());
    // By this machine's clock; the store's may run faster, by no more than holders reckon with.
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isGreaterThanOrEqualTo(SHORT.minus(SHORT.dividedBy(100)).minusMillis(2));
    assertThat(second).isGreaterThan(first);
  }

  @Test
  void aTokenThatComesBackAfterExpiryIsANewHolding() {
    LeaseKey key = key();
    String token = token();
    long first = acquire(key, token, SHORT);
    eventually("the lease expires", () -> !get(backend.owns(key, token)));
    assertThat(acquire(key, token, LONG)).isGreaterThan(first);
  }

  @Test
  void everyNewHoldingHasAGreaterFencingToken() {
    LeaseKey key = key();
    long last = 0;
    for (int i = 0; i < 20; i++) {
      String token = token();
      long fence = acquire(key, token, LONG);
      assertThat(fence).isGreaterThan(last);
      last = fence;
      if (i % 2 == 0) {
        assertThat(get(backend.release(key, token))).isTrue();
      } else {
        assertThat(get(backend.revoke(key))).isTrue();
      }
    }
  }

  @Test
  void theFencingTokenGrowsAcrossBackendsOfOneStore() {
    LeaseKey key = key();
    String token = token();
    long first = acquire(key, token, LONG);
    get(backend.release(key, token));
    SyncBackend other = another();
    Acquisition answer = get(other.acquire(LeaseRequest.of(key, token(), LONG, "other")));
    assertThat(((Acquisition.Granted) answer).fencingToken()).isGreaterThan(first);
  }

  @Test
  void ofSixtyFourConcurrentAcquirersOneWins() {
    LeaseKey key = key();
    SyncBackend other = another();
    List<Future<Acquisition>> answers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      SyncBackend asked = i % 2 == 0 ? backend : other;
      answers.add(asked.acquire(LeaseRequest.of(key, token(), LONG, "owner-" + i)));
    }
    assertThat(answers.stream().map(f -> get(f)).filter(Acquisition::granted)).hasSize(1);
  }

  @Test
  void manyKeysAtOnceDoNotDisturbEachOther() {
    List<LeaseKey> keys = new ArrayList<>();
    List<String> tokens = new ArrayList<>();
    List<Future<Acquisition>> answers = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      keys.add(key());
      tokens.add(token());
      answers.add(backend.acquire(LeaseRequest.of(keys.get(i), tokens.get(i), LONG, "o" + i)));
    }
    assertThat(answers.stream().map(f -> get(f))).allMatch(Acquisition::granted);
    List<Future<Boolean>> extended = new ArrayList<>();
    List<Future<Boolean>> strangers = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      extended.add(backend.extend(keys.get(i), tokens.get(i), LONG));
      strangers.add(backend.release(keys.get(i), tokens.get((i + 1) % 300)));
    }
    assertThat(extended.stream().map(f -> get(f))).containsOnly(true);
    assertThat(strangers.stream().map(f -> get(f))).containsOnly(false);
    List<Future<Boolean>> released = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      released.add(backend.release(keys.get(i), tokens.get(i)));
    }
    assertThat(released.stream().map(f -> get(f))).containsOnly(true);
  }

  @Test
  void requestsForOneKeySentTogetherAreAnsweredInTheirOrder() {
    LeaseKey key = key();
    String first = token();
    String second = token();
    Future<Acquisition> granted = backend.acquire(LeaseRequest.of(key, first, LONG, "first"));
    Future<Acquisition> refused = backend.acquire(LeaseRequest.of(key, second, LONG, "second"));
    Future<Boolean> extended = backend.extend(key, first, LONG);
    Future<Boolean> released = backend.release(key, first);
    Future<Acquisition> next = backend.acquire(LeaseRequest.of(key, second, LONG, "second"));
    assertThat(get(granted).granted()).isTrue();
    assertThat(get(refused).granted()).isFalse();
    assertThat(get(extended)).isTrue();
    assertThat(get(released)).isTrue();
    assertThat(get(next).granted()).isTrue();
  }

  @Test
  void randomInterleavingsSentTogetherAnswerAsOneByOne() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      List<LeaseKey> keys = List.of(key(), key(), key(), key(), key());
      List<String> tokens = List.of(token(), token(), token());
      SyncBackend reference = new MemoryBackend(new ManualScheduler());
      List<String> oneByOne = new ArrayList<>();
      List<Future<String>> together = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        Function<SyncBackend, Future<String>> step = randomStep(random, keys, tokens);
        oneByOne.add(get(step.apply(reference)));
        together.add(step.apply(backend));
      }
      assertThat(together.stream().map(f -> get(f)).toList())
          .as("seed %d", seed)
          .isEqualTo(oneByOne);
    }
  }

  private static Function<SyncBackend, Future<String>> randomStep(
      Random random, List<LeaseKey> keys, List<String> tokens) {
    LeaseKey key = keys.get(random.nextInt(keys.size()));
    String token = tokens.get(random.nextInt(tokens.size()));
    long mark = random.nextInt(20);
    return switch (random.nextInt(8)) {
      case 0, 1, 2 ->
          asked ->
              asked
                  .acquire(LeaseRequest.of(key, token, LONG, token.substring(0, 8)))
                  .map(
                      answer ->
                          answer instanceof Acquisition.Refused refused
                              ? "refused by " + refused.holder().owner()
                              : "granted");
      case 3 -> asked -> asked.extend(key, token, LONG).map(extended -> "extended " + extended);
      case 4 -> asked -> asked.release(key, token).map(released -> "released " + released);
      case 5 -> asked -> asked.find(key).map(found -> "found " + found.map(Lease::owner));
      case 6 -> asked -> asked.owns(key, token).map(owns -> "owns " + owns);
      default ->
          asked -> asked.advance(key.name(), mark).map(moved -> "to " + mark + " moved " + moved);
    };
  }

  @Test
  void anUnprotectedCounterUnderTheLockComesOutExact() {
    LeaseKey key = key();
    int clients = 16;
    int rounds = 25;
    int[] counter = new int[1];
    Set<Long> fences = new HashSet<>();
    List<Future<Void>> done = new ArrayList<>();
    SyncBackend other = another();
    for (int c = 0; c < clients; c++) {
      Promise<Void> client = Promise.promise();
      SyncBackend own = c % 2 == 0 ? backend : other;
      Context context = vertx.getOrCreateContext();
      new CountingClient(own, context, key, rounds, counter, fences, client).start();
      done.add(client.future());
    }
    done.forEach(f -> get(f));
    assertThat(counter[0]).isEqualTo(clients * rounds);
    assertThat(fences).hasSize(clients * rounds);
  }

  /** Adds to a plain field under the lock, with a gap between reading and writing. */
  private record CountingClient(
      SyncBackend backend,
      Context context,
      LeaseKey key,
      int rounds,
      int[] counter,
      Set<Long> fences,
      Promise<Void> done) {

    void start() {
      context.runOnContext(v -> round(rounds, token()));
    }

    private void round(int left, String token) {
      if (left == 0) {
        done.complete();
        return;
      }
      AtomicInteger turn = new AtomicInteger();
      backend
          .acquire(
              LeaseRequest.of(key, token, LONG, "client")
                  .waiting(
                      Duration.ofSeconds(10),
                      () -> {
                        if (turn.compareAndSet(0, 1)) {
                          context.runOnContext(v -> round(left, token));
                        }
                      }))
          .onFailure(done::tryFail)
          .onSuccess(
              answer -> {
                if (answer instanceof Acquisition.Granted granted) {
                  turn.set(1);
                  count(left, token, granted.fencingToken());
                } else {
                  context
                      .owner()
                      .setTimer(
                          20,
                          id -> {
                            if (turn.compareAndSet(0, 1)) {
                              context.runOnContext(v -> round(left, token));
                            }
                          });
                }
              });
    }

    private void count(int left, String token, long fence) {
      int read = counter[0];
      fences.add(fence);
      context.runOnContext(
          v -> {
            counter[0] = read + 1;
            backend
                .release(key, token)
                .onFailure(done::tryFail)
                .onSuccess(released -> round(left - 1, token()));
          });
    }
  }

  // ---- extend

  @Test
  void extendSetsTheRemainingTime() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, Duration.ofSeconds(5));
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().remaining())
        .isGreaterThan(Duration.ofSeconds(5));
    assertThat(get(backend.extend(key, token, Duration.ofSeconds(2)))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().remaining())
        .isLessThanOrEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void extendKeepsTheFencingToken() {
    LeaseKey key = key();
    String token = token();
    long fence = acquire(key, token, LONG);
    get(backend.extend(key, token, LONG));
    assertThat(get(backend.find(key)).orElseThrow().fencingToken()).isEqualTo(fence);
  }

  @Test
  void extendNeverAcquiresAFreeKey() {
    LeaseKey key = key();
    assertThat(get(backend.extend(key, token(), LONG))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
  }

  @Test
  void extendNeverAcquiresAfterExpiryThoughStillFree() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, SHORT);
    eventually("the lease expires", () -> get(backend.find(key)).isEmpty());
    assertThat(get(backend.extend(key, token, LONG))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(tryAcquire(key, token(), LONG).granted()).isTrue();
  }

  @Test
  void extendByAStrangerChangesNothing() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, Duration.ofSeconds(5));
    assertThat(get(backend.extend(key, token(), LONG))).isFalse();
    Lease lease = get(backend.find(key)).orElseThrow();
    assertThat(lease.remaining()).isLessThanOrEqualTo(Duration.ofSeconds(5));
    assertThat(get(backend.owns(key, token))).isTrue();
  }

  @Test
  void extendAfterReleaseIsLost() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, LONG);
    get(backend.release(key, token));
    assertThat(get(backend.extend(key, token, LONG))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
  }

  // ---- release, revoke

  @Test
  void releaseFreesAtOnce() {
    LeaseKey key = key();
    String token = token();
    long first = acquire(key, token, LONG);
    assertThat(get(backend.release(key, token))).isTrue();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(acquire(key, token(), LONG)).isGreaterThan(first);
  }

  @Test
  void releaseByAStrangerChangesNothing() {
    LeaseKey key = key();
    String token = token();
    long fence = acquire(key, token, LONG);
    assertThat(get(backend.release(key, token()))).isFalse();
    assertThat(get(backend.owns(key, token))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().fencingToken()).isEqualTo(fence);
  }

  @Test
  void releaseTwiceChangesNothing() {
    LeaseKey key = key();
    String first = token();
    String second = token();
    acquire(key, first, LONG);
    assertThat(get(backend.release(key, first))).isTrue();
    assertThat(get(backend.release(key, first))).isFalse();
    acquire(key, second, LONG);
    assertThat(get(backend.release(key, first))).isFalse();
    assertThat(get(backend.owns(key, second))).isTrue();
  }

  @Test
  void releaseAfterExpiryChangesNothing() {
    LeaseKey key = key();
    String first = token();
    String second = token();
    acquire(key, first, SHORT);
    eventually("the lease expires", () -> get(backend.find(key)).isEmpty());
    assertThat(get(backend.release(key, first))).isFalse();
    acquire(key, second, LONG);
    assertThat(get(backend.release(key, first))).isFalse();
    assertThat(get(backend.owns(key, second))).isTrue();
  }

  @Test
  void releaseOfAKeyThatNeverWasChangesNothing() {
    LeaseKey key = key();
    assertThat(get(backend.release(key, token()))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
  }

  @Test
  void revokeVacatesWhoeverHoldsIt() {
    LeaseKey key = key();
    String token = token();
    long first = acquire(key, token, LONG);
    assertThat(get(backend.revoke(key))).isTrue();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(get(backend.extend(key, token, LONG))).isFalse();
    assertThat(get(backend.release(key, token))).isFalse();
    assertThat(acquire(key, token(), LONG)).isGreaterThan(first);
  }

  @Test
  void revokeOfAFreeKeySaysSo() {
    assertThat(get(backend.revoke(key()))).isFalse();
  }

  // ---- inspection

  @Test
  void findShowsTheHolderAndNothingOfAFreeKey() {
    LeaseKey key = key();
    assertThat(get(backend.find(key))).isEmpty();
    long fence = acquire(key, token(), LONG);
    Optional<Lease> lease = get(backend.find(key));
    assertThat(lease).isPresent();
    assertThat(lease.get().key()).isEqualTo(key);
    assertThat(lease.get().owner()).isEqualTo("owner");
    assertThat(lease.get().fencingToken()).isEqualTo(fence);
    assertThat(lease.get().remaining()).isPositive().isLessThanOrEqualTo(LONG);
    assertThat(lease.get().metadata()).isNull();
  }

  @Test
  void ageGrowsWhileRemainingShrinks() {
    LeaseKey key = key();
    acquire(key, token(), LONG);
    Lease early = get(backend.find(key)).orElseThrow();
    pause(Duration.ofMillis(50));
    Lease late = get(backend.find(key)).orElseThrow();
    assertThat(late.age()).isGreaterThan(early.age());
    assertThat(late.remaining()).isLessThan(early.remaining());
  }

  @Test
  void ownsIsTrueForTheLiveHolderOnly() {
    LeaseKey key = key();
    String token = token();
    assertThat(get(backend.owns(key, token))).isFalse();
    acquire(key, token, LONG);
    assertThat(get(backend.owns(key, token))).isTrue();
    assertThat(get(backend.owns(key, token()))).isFalse();
    get(backend.release(key, token));
    assertThat(get(backend.owns(key, token))).isFalse();
  }

  @Test
  void inspectionNeverShowsTokens() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, LONG);
    String shown =
        get(backend.find(key)).orElseThrow()
            + " "
            + get(backend.list(LeaseKind.LOCK, key.name(), null, 10))
            + " "
            + tryAcquire(key, token(), LONG)
            + " "
            + LeaseRequest.of(key, token, LONG, "owner");
    assertThat(shown).contains(key.name()).doesNotContain(token);
  }

  @Test
  void listPagesThroughEveryLiveLeaseOfThePrefix() {
    String prefix = "page-" + UUID.randomUUID() + "-";
    Set<String> expected = new HashSet<>();
    for (int i = 0; i < 25; i++) {
      LeaseKey key = LeaseKey.lock(prefix + i);
      acquire(key, token(), LONG);
      expected.add(key.name());
    }
    LeaseKey gone = LeaseKey.lock(prefix + "gone");
    String token = token();
    acquire(gone, token, LONG);
    get(backend.release(gone, token));
    acquire(LeaseKey.task(prefix + "other-kind"), token(), LONG);
    Set<String> listed = new HashSet<>();
    String next = null;
    int pages = 0;
    do {
      LeasePage page = get(backend.list(LeaseKind.LOCK, prefix, next, 7));
      assertThat(page.leases()).hasSizeLessThanOrEqualTo(7);
      page.leases().forEach(lease -> listed.add(lease.key().name()));
      next = page.next();
      pages++;
    } while (next != null && pages < 100_000);
    assertThat(listed).isEqualTo(expected);
    assertThat(pages).isGreaterThanOrEqualTo(4);
  }

  @Test
  void aListPrefixIsNoPattern() {
    String id = UUID.randomUUID().toString();
    for (String name : List.of("*" + id, "?" + id, "[a]" + id, "%" + id, "_" + id, "\\" + id)) {
      LeaseKey key = LeaseKey.lock(name);
      acquire(key, token(), LONG);
      assertThat(namesWithPrefix(name)).containsExactly(name);
    }
    assertThat(namesWithPrefix("a" + id)).isEmpty();
  }

  private Set<String> namesWithPrefix(String prefix) {
    Set<String> names = new HashSet<>();
    String next = null;
    do {
      LeasePage page = get(backend.list(LeaseKind.LOCK, prefix, next, 100));
      page.leases().forEach(lease -> names.add(lease.key().name()));
      next = page.next();
    } while (next != null);
    return names;
  }

  // ---- names

  @Test
  void kindsAndLookAlikeNamesNeverCollide() {
    String id = UUID.randomUUID().toString();
    List<String> names = new ArrayList<>();
    for (String tail :
        List.of(
            "a:b", "a_b", "a-b", "a.b", "a/b", "a b", "a", "A", "á", "a\u0301", "ａ", "{a}", "}a{",
            "a}", "a{", "{a", "a*", "a?", "a%", "a'", "a\"", "a\\", "a;--", "$1", "${a}", "\u202Ea",
            "😀", "ß", "ss", "ẞ", "İ", "i", "ı", " a", "a ", "a:w", "a}:w", "lock:a", "task:a")) {
      names.add(id + tail);
      names.add(tail + id);
    }
    names.add(("x".repeat(200) + id).substring(36));
    names.add(("x".repeat(199) + id).substring(35).substring(0, 199));
    names.add("😀".repeat(164) + id);
    names.add("é".repeat(164) + id);
    Set<LeaseKey> keys = new HashSet<>();
    for (String name : names) {
      for (LeaseKind kind : LeaseKind.values()) {
        keys.add(new LeaseKey(kind, name));
      }
    }
    List<Future<Acquisition>> answers = new ArrayList<>();
    for (LeaseKey key : keys) {
      answers.add(
          backend.acquire(
              LeaseRequest.of(key, token(), LONG, key.kind().id() + key.name().length())));
    }
    assertThat(answers.stream().map(f -> get(f))).allMatch(Acquisition::granted);
    for (LeaseKey key : keys) {
      assertThat(get(backend.find(key)).orElseThrow().key()).isEqualTo(key);
    }
  }

  @Test
  void ownersTokensAndMetadataMayHoldAnyUnicode() {
    LeaseKey key = key();
    String odd = "O'Brien \"😀\" \\ {x} $1 %s ünïcödé \u202E";
    JsonObject metadata =
        new JsonObject().put(odd, odd).put("nested", new JsonObject().put("n", 1));
    get(backend.acquire(LeaseRequest.of(key, odd, LONG, odd).withMetadata(metadata)));
    Lease lease = get(backend.find(key)).orElseThrow();
    assertThat(lease.owner()).isEqualTo(odd);
    assertThat(lease.metadata()).isEqualTo(metadata);
    assertThat(get(backend.owns(key, odd))).isTrue();
    assertThat(get(backend.release(key, odd))).isTrue();
  }

  @Test
  void metadataOfFourKibibytesIsKept() {
    LeaseKey key = key();
    JsonObject metadata = new JsonObject().put("m", "é".repeat(LeaseRules.MAX_METADATA - 8));
    get(backend.acquire(LeaseRequest.of(key, token(), LONG, "owner").withMetadata(metadata)));
    assertThat(get(backend.find(key)).orElseThrow().metadata()).isEqualTo(metadata);
  }

  // ---- hints and the line

  @Test
  void watchHintsArriveOnGrantReleaseAndRevoke() {
    if (!hints()) {
      return;
    }
    LeaseKey key = key();
    AtomicInteger hints = new AtomicInteger();
    SyncBackend watcher = another();
    Watch watch = watcher.watch(key, hints::incrementAndGet);
    // A watch may take a moment to reach the server: change something until it is heard.
    eventually(
        "a first hint",
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
    eventually("a hint", () -> hints.get() > before);
  }

  private static void quiet(AtomicInteger counter) {
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
  void aClosedWatchHearsNothing() {
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
        "a hint",
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
    get(backend.release(key, holder));
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
    get(backend.revoke(key));
    eventually("the waiter's turn", () -> turns.get() > 0);
    assertThat(get(backend.acquire(request)).granted()).isTrue();
  }

  @Test
  void anOfferIsTheFirstWaitersAndNobodyElses() {
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
    assertThat(get(stranger)).isInstanceOf(Acquisition.Refused.class);
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
  void turnsAndHintsThatThrowHarmNobody() {
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
      eventually("a sound hint beside a broken one", () -> !hints() || hints.get() > before);
      assertThat(get(backend.release(key, waiting.token()))).isTrue();
    }
    acquire(key, token(), LONG);
  }

  @Test
  void leavingEndsAPlaceInLineAndNeverAHolding() {
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
        .as("nobody stands in line")
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
    get(backend.release(key, holder));
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
    get(backend.release(key, holder));
    eventually("the live waiter's turn", () -> turns.get() > 0);
    eventually("the live waiter's grant", () -> get(other.acquire(live)).granted());
  }

  @Test
  void aPlaceInLineLapsesWithItsPatience() {
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
  void releaseGivesUpAPlaceInLineAndAnOffer() {
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
    assertThat(get(backend.release(key, holder))).isTrue();
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

  // ---- registers

  @Test
  void advanceRefusesEqualAndOlderMarks() {
    String name = "register-" + UUID.randomUUID();
    assertThat(get(backend.advance(name, 5))).isTrue();
    assertThat(get(backend.advance(name, 5))).isFalse();
    assertThat(get(backend.advance(name, 4))).isFalse();
    assertThat(get(backend.advance(name, 6))).isTrue();
    assertThat(get(another().advance(name, 6))).isFalse();
    assertThat(get(backend.advance(name, LeaseRules.MAX_MARK))).isTrue();
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
    for (LeaseKind kind : LeaseKind.values()) {
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
    assertThat(get(backend.advance(name, LeaseRules.MAX_MARK))).isTrue();
    assertThat(get(another().register(name)).orElseThrow().mark()).hasValue(LeaseRules.MAX_MARK);
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
                .withMetadata(new JsonObject().put("m", "x".repeat(LeaseRules.MAX_METADATA))),
        "metadata",
        "at most 4096");
    assertInvalidAnswer(backend.extend(key, token(), Duration.ofMillis(-1)), "-0.001S");
    assertInvalidAnswer(backend.extend(key, "", LONG), "token is empty");
    assertInvalidAnswer(backend.release(key, null), "token is missing");
    assertInvalidAnswer(backend.owns(key, ""), "token is empty");
    assertInvalidAnswer(backend.advance("", 1), "name is empty");
    assertInvalidAnswer(backend.advance("x", -1), "mark -1");
    assertInvalidAnswer(backend.advance("x", LeaseRules.MAX_MARK + 1), "mark");
    if (tellsTime()) {
      assertInvalidAnswer(backend.register(""), "name is empty");
      assertInvalidAnswer(backend.retreat("", 1), "name is empty");
      assertInvalidAnswer(backend.retreat("x", -1), "mark -1");
    } else {
      assertThat(failureOf(backend.retreat("x", 1))).isNotNull();
    }
    assertInvalidAnswer(backend.list(LeaseKind.LOCK, "", null, 0), "limit 0");
    assertInvalidAnswer(backend.list(LeaseKind.LOCK, "", null, 1001), "limit 1001");
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
    SyncBackend closing = open(vertx);
    opened.add(closing);
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
            closing.list(LeaseKind.LOCK, "", null, 10),
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
    SyncBackend closing = open(vertx);
    opened.add(closing);
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
    SyncBackend closing = open(vertx);
    opened.add(closing);
    get(closing.acquire(LeaseRequest.of(key, token(), LONG, "the closed one")));
    get(closing.close());
    assertThat(get(backend.find(key)).orElseThrow().owner()).isEqualTo("the closed one");
  }
}
