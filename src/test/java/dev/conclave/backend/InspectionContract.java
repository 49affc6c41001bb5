package dev.conclave.backend;

import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Rules of inspection and of names: what is shown of leases, and what a name may be. */
public abstract class InspectionContract extends StoreClockContract {
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
            + get(backend.list(LeaseKey.Kind.LOCK, key.name(), null, 10))
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
      LeasePage page = get(backend.list(LeaseKey.Kind.LOCK, prefix, next, 7));
      assertThat(page.leases()).hasSizeLessThanOrEqualTo(7);
      page.leases().forEach(lease -> listed.add(lease.key().name()));
      next = page.next();
      pages++;
    } while (next != null && pages < 100_000);
    assertThat(listed).isEqualTo(expected);
    assertThat(pages).isGreaterThanOrEqualTo(4);
  }

  @Test
  void aListPrefixIsNotAPattern() {
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
      LeasePage page = get(backend.list(LeaseKey.Kind.LOCK, prefix, next, 100));
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
      for (LeaseKey.Kind kind : LeaseKey.Kind.values()) {
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
    JsonObject metadata = new JsonObject().put("m", "é".repeat(LeaseRequest.MAX_METADATA - 8));
    get(backend.acquire(LeaseRequest.of(key, token(), LONG, "owner").withMetadata(metadata)));
    assertThat(get(backend.find(key)).orElseThrow().metadata()).isEqualTo(metadata);
  }
}
