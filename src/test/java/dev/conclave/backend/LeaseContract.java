package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Rules of a lease: who is granted it, and for how long. */
public abstract class LeaseContract extends ContractFixture {
  // ---- acquire

  @Test
  void aFreeKeyIsGranted() {
    assertThat(acquire(key(), token(), LONG)).isPositive().isLessThanOrEqualTo(Register.MAX_MARK);
  }

  @Test
  void aFencingTokenIsTheBackendsTimeInMicroseconds() {
    long fence = acquire(key(), token(), LONG);
    long aDay = Duration.ofDays(1).toMillis() * 1000;
    assertThat(fence).isBetween(System.currentTimeMillis() * 1000 - aDay, Register.MAX_MARK);
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
    // By this machine's clock; the store's may run faster, by no more than the holders' margin.
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
  void whatOneBackendWritesAnotherSees() {
    LeaseKey key = key();
    acquire(key, token(), LONG);
    assertThat(get(another().find(key)))
        .as(
            "two backends of one store see the same leases; a backend that lives in one process"
                + " overrides sharesStore() in its test to return false")
        .isPresent();
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
  void revokeVacatesTheKeyRegardlessOfItsHolder() {
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
}
