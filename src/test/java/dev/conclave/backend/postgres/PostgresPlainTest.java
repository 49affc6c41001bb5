package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The plain case takes the short statements, and these decide nothing but the plain case. */
class PostgresPlainTest extends PostgresFixture {
  private static final String PLAIN_ACQUIRE = "INSERT INTO";
  private static final String PLAIN_RELEASE = "UPDATE";
  private static final String ALL_CASES = "WITH asked";

  /** What the backend's connection for commands has sent last, of those that begin so. */
  private boolean lastWas(String beginning) {
    return "1"
        .equals(
            one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND pid <> pg_backend_pid() AND starts_with(query, '"
                    + beginning
                    + "')"));
  }

  private String row(LeaseKey key) {
    return one("SELECT l::text FROM conclave_lease l WHERE name = '" + key.name() + "'");
  }

  private String lockedBy(LeaseKey key) {
    return one("SELECT xmax::text FROM conclave_lease WHERE name = '" + key.name() + "'");
  }

  private String lasting(LeaseKey key) {
    return one(
        "SELECT row(token, offered, owner, metadata, duration, line, watched_until,"
            + " expires_at > clock_timestamp(), since > clock_timestamp() - interval '1 minute')::text"
            + " FROM conclave_lease WHERE name = '"
            + key.name()
            + "'");
  }

  @Test
  void aFreeLeaseTakesOneShortStatementAndSoDoesItsEnd() {
    SyncBackend backend = open();
    LeaseKey key = key();
    for (int i = 0; i < 3; i++) {
      String token = token();
      // A request with a waiter does not have to wait for a free lease.
      get(backend.acquire(request(key, token).waiting(LONG, () -> {})));
      assertThat(lastWas(PLAIN_ACQUIRE)).isTrue();
      assertThat(get(backend.release(key, token))).isTrue();
      assertThat(lastWas(PLAIN_RELEASE)).isTrue();
    }
  }

  @Test
  void manyAtOnceTakeShortStatementsToo() {
    SyncBackend backend = open();
    List<LeaseKey> keys = new ArrayList<>();
    List<Future<Acquisition>> grants = new ArrayList<>();
    List<Future<Boolean>> ends = new ArrayList<>();
    String token = token();
    for (int i = 0; i < 50; i++) {
      keys.add(key());
      grants.add(backend.acquire(request(keys.get(i), token)));
    }
    grants.forEach(grant -> assertThat(get(grant).granted()).isTrue());
    assertThat(lastWas(PLAIN_ACQUIRE)).isTrue();
    keys.forEach(key -> ends.add(backend.release(key, token)));
    ends.forEach(end -> assertThat(get(end)).isTrue());
    assertThat(lastWas(PLAIN_RELEASE)).isTrue();
    assertThat(one("SELECT count(*) FROM conclave_lease WHERE expires_at > clock_timestamp()"))
        .isEqualTo("0");
  }

  @Test
  void inOneBatchEverybodyIsAnsweredForHimself() {
    SyncBackend holder = open();
    SyncBackend backend = open();
    List<LeaseKey> keys = new ArrayList<>();
    String theirs = token();
    String mine = token();
    for (int i = 0; i < 60; i++) {
      keys.add(key());
      if (i % 3 == 0) {
        acquire(holder, keys.get(i), theirs);
      }
    }
    List<Future<Acquisition>> answers = new ArrayList<>();
    keys.forEach(key -> answers.add(backend.acquire(request(key, mine))));
    for (int i = 0; i < 60; i++) {
      assertThat(get(answers.get(i)).granted()).isEqualTo(i % 3 != 0);
    }
    List<Future<Boolean>> ends = new ArrayList<>();
    keys.forEach(key -> ends.add(backend.release(key, mine)));
    for (int i = 0; i < 60; i++) {
      assertThat(get(ends.get(i))).isEqualTo(i % 3 != 0);
      assertThat(get(holder.owns(keys.get(i), theirs))).isEqualTo(i % 3 == 0);
    }
  }

  @Test
  void aRefusalChangesNothingAndTheNextOneDoesNotEvenLock() {
    SyncBackend holder = open();
    SyncBackend other = open();
    LeaseKey key = key();
    acquire(holder, key, token());
    String before = row(key);
    assertThat(get(other.acquire(request(key, token()))).granted()).isFalse();
    assertThat(get(other.release(key, token()))).isFalse();
    assertThat(row(key)).isEqualTo(before);
    String locked = lockedBy(key);
    assertThat(get(other.acquire(request(key, token()))).granted()).isFalse();
    assertThat(row(key)).isEqualTo(before);
    assertThat(lockedBy(key)).isEqualTo(locked);
    assertThat(lastWas(ALL_CASES)).isTrue();
  }

  @Test
  void whoKnowsOfNoWaiterHandsOverAllTheSame() {
    SyncBackend holder = open();
    SyncBackend waiting = open();
    SyncBackend third = open();
    LeaseKey key = key();
    String token = token();
    long fence = acquire(holder, key, token);
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest waiter = request(key, token()).waiting(LONG, turns::incrementAndGet);
    assertThat(get(waiting.acquire(waiter)).granted()).isFalse();
    assertThat(get(holder.release(key, token))).isTrue();
    assertThat(get(third.acquire(request(key, token()))).granted()).isFalse();
    eventually("the waiter's turn", () -> turns.get() == 1);
    Acquisition claimed = get(waiting.acquire(waiter));
    assertThat(claimed).isInstanceOf(Acquisition.Granted.class);
    assertThat(((Acquisition.Granted) claimed).fencingToken()).isGreaterThan(fence);
  }

  @Test
  void theHolderAsksAgainAndKeepsItsFence() {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = token();
    long fence = acquire(backend, key, token);
    assertThat(acquire(backend, key, token)).isEqualTo(fence);
    assertThat(get(backend.release(key, token))).isTrue();
    assertThat(acquire(backend, key, token)).isGreaterThan(fence);
  }

  @Test
  void bothWaysLeaveTheSameRecordAndFencesGrowAcross() {
    SyncBackend plain = open();
    SyncBackend full = open();
    LeaseKey key = key();
    String token = token();
    LeaseRequest request =
        new LeaseRequest(key, token, LONG, "o", new JsonObject().put("a", 1), null);
    get(plain.acquire(request));
    // From now on this one knows that the key is crowded.
    assertThat(get(full.acquire(request(key, token()))).granted()).isFalse();
    get(plain.release(key, token));
    long last = 0;
    List<String> held = new ArrayList<>();
    List<String> ended = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      SyncBackend backend = i % 2 == 0 ? plain : full;
      long fence = ((Acquisition.Granted) get(backend.acquire(request))).fencingToken();
      assertThat(fence).isGreaterThan(last);
      last = fence;
      held.add(lasting(key));
      assertThat(get(backend.release(key, token))).isTrue();
      ended.add(lasting(key));
    }
    assertThat(held).hasSize(6).containsOnly(held.get(0));
    assertThat(ended).hasSize(6).containsOnly(ended.get(0));
    assertThat(lastWas(PLAIN_RELEASE)).isTrue();
    assertThat(lastWas(ALL_CASES)).isTrue();
  }

  @Test
  void aLeaseThatRanOutIsFreeAndItsEndIsNotARelease() {
    SyncBackend backend = open();
    LeaseKey key = key();
    String token = token();
    get(backend.acquire(LeaseRequest.of(key, token, Duration.ofMillis(50), "o")));
    eventually("the expiry", () -> get(backend.find(key)).isEmpty());
    assertThat(get(backend.release(key, token))).isFalse();
    SyncBackend other = open();
    acquire(other, key, token());
    assertThat(lastWas(PLAIN_ACQUIRE)).isTrue();
  }
}
