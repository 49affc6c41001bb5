package dev.conclave.hostile;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.Backends;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.ChaosApiServer;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.PostgresServer;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Names, owners, tokens and metadata of odd characters, on real servers: a legal one is a record of
 * its own in every operation, any other is refused with the rule.
 */
@ExtendWith(VertxExtension.class)
class OddNamesTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  enum Store {
    MEMORY,
    REDIS,
    POSTGRES,
    KUBERNETES
  }

  private final List<AutoCloseable> opened = new ArrayList<>();
  private Vertx vertx;

  @BeforeEach
  void openVertx(Vertx vertx) {
    this.vertx = vertx;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private SyncBackend open(Store store) {
    SyncBackend backend = Backends.create(vertx, config(store));
    opened.add(() -> get(backend.close()));
    get(backend.ping());
    return backend;
  }

  private JsonObject config(Store store) {
    return switch (store) {
      case MEMORY -> new JsonObject().put("type", "memory");
      case REDIS ->
          new JsonObject()
              .put("type", "redis")
              .put("options", new JsonObject().put("connectionString", RedisServer.shared().uri()));
      case POSTGRES -> {
        PostgresServer server = PostgresServer.shared();
        yield new JsonObject()
            .put("type", "postgres")
            .put("uri", server.uri(server.freshDatabase()));
      }
      case KUBERNETES -> {
        ChaosApiServer server = new ChaosApiServer();
        opened.add(server);
        yield server.config("lease", server.port());
      }
    };
  }

  /** The odd ones, longest possible ones, and random ones; all their own in a shared store. */
  private static List<String> names(long seed) {
    String own = UUID.randomUUID().toString().substring(0, 8);
    Set<String> names = new HashSet<>();
    OddText.LEGAL.forEach(odd -> names.add(odd + own));
    OddText.LEGAL.forEach(odd -> names.add(own + odd));
    names.add("😀".repeat(192) + own);
    names.add(own + "😀".repeat(192));
    names.add(own + "😀".repeat(191) + "😁");
    Random random = new Random(seed);
    for (int i = 0; i < 40; i++) {
      StringBuilder name = new StringBuilder(own);
      for (int length = 1 + random.nextInt(12); length > 0; length--) {
        name.append(OddText.LEGAL.get(random.nextInt(OddText.LEGAL.size())));
      }
      if (name.codePoints().count() <= 200) {
        names.add(name.toString());
      }
    }
    return List.copyOf(names);
  }

  static Stream<Arguments> everywhere() {
    return Stream.of(Store.values())
        .flatMap(store -> Seeds.all().mapToObj(seed -> Arguments.of(store, seed)));
  }

  @ParameterizedTest(name = "{0} -Dfuzz.seed={1}")
  @MethodSource("everywhere")
  void everyLegalNameIsARecordOfItsOwn(Store store, long seed) {
    SyncBackend backend = open(store);
    List<String> names = names(seed);
    Map<String, AtomicInteger> hints = new HashMap<>();
    for (String name : names) {
      AtomicInteger heard = new AtomicInteger();
      hints.put(name, heard);
      backend.watch(LeaseKey.lock(name), heard::incrementAndGet);
    }
    all(names, name -> backend.acquire(request(name)));
    Map<String, Lease> found = new HashMap<>();
    List<Future<?>> finds = new ArrayList<>();
    for (String name : names) {
      finds.add(backend.find(LeaseKey.lock(name)).onSuccess(l -> found.put(name, l.orElseThrow())));
    }
    finds.forEach(find -> get(find));
    for (String name : names) {
      assertThat(found.get(name).key().name()).isEqualTo(name);
      assertThat(found.get(name).owner()).isEqualTo(name);
    }
    assertListed(backend, names);
    all(names, name -> backend.advance(name, names.indexOf(name) + 1L));
    for (String name : names) {
      assertThat(get(backend.advance(name, names.indexOf(name) + 1L))).as(name).isFalse();
    }
    for (int i = 0; i < names.size(); i += 2) {
      assertThat(get(backend.release(LeaseKey.lock(names.get(i)), token(names, i)))).isTrue();
    }
    for (int i = 0; i < names.size(); i++) {
      assertThat(get(backend.owns(LeaseKey.lock(names.get(i)), token(names, i))))
          .as(names.get(i))
          .isEqualTo(i % 2 == 1);
    }
    for (int i = 0; i < names.size(); i += 2) {
      String name = names.get(i);
      eventually("a hint for " + name, () -> hints.get(name).get() > 0);
    }
    names.forEach(name -> get(backend.revoke(LeaseKey.lock(name))));
  }

  private static LeaseRequest request(String name) {
    return LeaseRequest.of(LeaseKey.lock(name), "token of " + name.hashCode(), LONG, name);
  }

  private static String token(List<String> names, int i) {
    return "token of " + names.get(i).hashCode();
  }

  private static void assertListed(SyncBackend backend, List<String> names) {
    for (String prefix : names) {
      Set<String> expected = names.stream().filter(n -> n.startsWith(prefix)).collect(toSet());
      assertThat(listed(backend, prefix)).as("the prefix " + prefix).isEqualTo(expected);
    }
  }

  private static Set<String> listed(SyncBackend backend, String prefix) {
    Set<String> listed = new HashSet<>();
    String page = null;
    do {
      LeasePage next = get(backend.list(LeaseKey.Kind.LOCK, prefix, page, 1000));
      next.leases().forEach(lease -> listed.add(lease.key().name()));
      page = next.next();
    } while (page != null);
    return listed;
  }

  private static void all(List<String> names, java.util.function.Function<String, Future<?>> call) {
    List<Future<?>> calls = names.stream().<Future<?>>map(call::apply).toList();
    calls.forEach(
        one -> {
          Object answer = get(one);
          assertThat(answer.equals(Boolean.FALSE)).isFalse();
        });
  }

  @ParameterizedTest
  @EnumSource(Store.class)
  void ownersTokensAndMetadataComeBackAsTheyWere(Store store) {
    SyncBackend backend = open(store);
    for (String odd : OddText.LEGAL) {
      LeaseKey key = LeaseKey.lock("odd-" + UUID.randomUUID());
      JsonObject metadata = new JsonObject().put(odd, odd).put("a", new JsonObject().put("b", odd));
      assertThat(get(backend.acquire(LeaseRequest.of(key, odd, LONG, odd).withMetadata(metadata))))
          .matches(answer -> answer.granted());
      Lease lease = get(backend.find(key)).orElseThrow();
      assertThat(lease.owner()).isEqualTo(odd);
      assertThat(lease.metadata()).isEqualTo(metadata);
      for (String forged : OddText.LEGAL) {
        if (!forged.equals(odd) && Math.abs(forged.length() - odd.length()) < 2) {
          assertThat(get(backend.owns(key, forged))).as(forged + " for " + odd).isFalse();
        }
      }
      assertThat(get(backend.extend(key, odd + " ", LONG))).isFalse();
      assertThat(get(backend.release(key, odd + "\\"))).isFalse();
      assertThat(get(backend.release(key, odd))).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Store.class)
  void whatIsIllegalIsRefusedWithTheRule(Store store) {
    SyncBackend backend = open(store);
    LeaseKey key = LeaseKey.lock("legal");
    // So that a listing by a prefix that matches too much is not empty.
    assertThat(get(backend.acquire(LeaseRequest.of(key, "held", LONG, "o"))).granted()).isTrue();
    OddText.ILLEGAL.forEach(
        (illegal, rule) -> {
          assertRefused(() -> LeaseKey.lock(illegal), "name", rule);
          assertRefused(() -> LeaseRequest.of(key, illegal, LONG, "o"), "token", rule);
          assertRefused(() -> LeaseRequest.of(key, "t", LONG, illegal), "owner", rule);
          for (Future<?> call :
              List.of(
                  backend.extend(key, illegal, LONG),
                  backend.release(key, illegal),
                  backend.owns(key, illegal))) {
            assertInvalid(failureOf(call), "token", rule);
          }
          assertInvalid(failureOf(backend.advance(illegal, 1)), "name", rule);
          if (!illegal.isEmpty()) {
            assertThat(get(backend.list(LeaseKey.Kind.LOCK, illegal, null, 10)).leases()).isEmpty();
            assertThat(listed(backend, illegal)).isEmpty();
          }
        });
  }

  /** What no UTF-8 has, or PostgreSQL's text, or a JSON reader, would come back as another. */
  @Test
  void metadataWithHalfACharacterIsRefused() {
    LeaseRequest request = LeaseRequest.of(LeaseKey.lock("legal"), "t", LONG, "o");
    for (JsonObject metadata :
        List.of(
            new JsonObject().put("a", "\uD800"),
            new JsonObject().put("\uDC00", 1),
            new JsonObject().put("a", new JsonObject().put("b", "x\uD83D")),
            Mutations.nested(400).put("a\uD800", 1))) {
      assertRefused(() -> request.withMetadata(metadata), "metadata", "unpaired surrogate");
    }
  }

  @ParameterizedTest
  @EnumSource(Store.class)
  void metadataMayHoldControlCharactersAndBeDeep(Store store) {
    SyncBackend backend = open(store);
    LeaseKey key = LeaseKey.lock("odd-" + UUID.randomUUID());
    JsonObject metadata = Mutations.nested(300).put("nul", "\u0000\u0001\n\u007F");
    get(backend.acquire(LeaseRequest.of(key, "t", LONG, "o").withMetadata(metadata)));
    assertThat(get(backend.find(key)).orElseThrow().metadata()).isEqualTo(metadata);
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String what, String rule) {
    assertThatThrownBy(call).satisfies(failure -> assertInvalid(failure, what, rule));
  }

  private static void assertInvalid(Throwable failure, String what, String rule) {
    assertThat(failure)
        .matches(ErrorCode.INVALID::is, "INVALID")
        .hasMessageContainingAll(what, rule);
  }
}
