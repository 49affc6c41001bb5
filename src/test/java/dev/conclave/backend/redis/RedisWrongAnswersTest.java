package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Planted;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that answers what no Redis with our script would: an error that names the server. */
class RedisWrongAnswersTest extends RedisFixture {
  private static final String FENCE = "1700000000000000";

  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private FakeRedis server;
  private SyncBackend backend;

  @BeforeEach
  void openServer() {
    vertx.exceptionHandler(this::thrown);
    server = closing(new FakeRedis());
    answer("*1\r\n:" + FENCE + "\r\n");
    JsonObject config = config("redis://:" + Planted.secret() + "@127.0.0.1:" + server.port());
    backend = open(config.put("timeout", 1_000));
    eventually("it is reached", () -> get(backend.ping().map(true).otherwise(false)));
  }

  /** What the Redis client throws at itself does not count. */
  private void thrown(Throwable uncaughtOne) {
    if (Stream.of(uncaughtOne.getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith("dev.conclave."))) {
      uncaught.add(uncaughtOne);
    }
  }

  @AfterEach
  void nothingWasUncaught() {
    assertThat(uncaught).as("exceptions that were not caught").isEmpty();
  }

  /** What the script answers, spelt as on the wire. */
  private void answer(String script) {
    server.answers.put("EVALSHA", FakeRedis.bytes(script));
    server.answers.put("EVAL", FakeRedis.bytes(script));
  }

  private void assertUnavailable(Future<?> call) {
    assertThat(failureOf(call))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is, "BACKEND_UNAVAILABLE")
        .hasMessageContaining("Redis at 127.0.0.1:" + server.port())
        .hasMessageNotContaining(Planted.MARKER);
  }

  private void assertWell() {
    answer("*1\r\n:" + FENCE + "\r\n");
    eventually(
        "an acquire is granted again",
        () ->
            get(
                backend
                    .acquire(request(key(), token()))
                    .map(Acquisition::granted)
                    .otherwise(false)));
    assertThat(acquire(backend, key(), token())).isEqualTo(Long.parseLong(FENCE));
  }

  private List<Supplier<Future<?>>> everything() {
    LeaseKey key = key();
    return List.of(
        () -> backend.acquire(request(key, token())),
        () -> backend.acquire(request(key, token()).waiting(LONG, () -> {})),
        () -> backend.extend(key, token(), LONG),
        () -> backend.release(key, token()),
        () -> backend.revoke(key),
        () -> backend.owns(key, token()),
        () -> backend.find(key),
        () -> backend.advance("register", 1),
        () -> backend.list(LeaseKey.Kind.LOCK, "", null, 10));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "+OK\r\n",
        ":1\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        "$5\r\nhello\r\n",
        "$0\r\n\r\n",
        "*1\r\n+OK\r\n",
        "*1\r\n*0\r\n",
        "*1\r\n*1\r\n*1\r\n:1\r\n",
        "*1\r\n*5\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n",
        "*1\r\n*5\r\n$1\r\no\r\n$1\r\nx\r\n:1\r\n:1\r\n$0\r\n\r\n",
        "*1\r\n*5\r\n$1\r\no\r\n:1\r\n:1\r\n:1\r\n$4\r\n{no!\r\n",
        "*1\r\n*5\r\n*0\r\n:1\r\n:1\r\n:1\r\n$0\r\n\r\n",
        "*1\r\n*4\r\n$1\r\no\r\n:1\r\n:1\r\n:1\r\n",
        "*1\r\n-ERR of one operation\r\n",
        "*1\r\n$11\r\nERR a crash\r\n",
        "-ERR of all operations\r\n",
        "-\r\n",
        "*2\r\n$-1\r\n$-1\r\n",
        "*1\r\n,1.5\r\n",
        "*1\r\n#t\r\n",
        "%1\r\n+a\r\n+b\r\n",
        "(99999999999999999999999999\r\n",
        "hello\r\n",
        "*99999999999\r\n",
        "$-7\r\n",
        "$999999999999999999999\r\n",
        "\u0000\u0001\u0002\r\n",
      })
  void isAnErrorForTheRequestsConcerned(String wrong) {
    answer(wrong);
    for (Supplier<Future<?>> call : everything()) {
      assertUnavailable(call.get());
    }
    everything().stream().map(Supplier::get).toList().forEach(this::assertUnavailable);
    assertWell();
  }

  /** A map counts its keys and values, as if they were the answers to so many requests. */
  @ParameterizedTest
  @ValueSource(strings = {"%1\r\n+a\r\n+b\r\n", "%2\r\n+a\r\n+b\r\n+c\r\n+d\r\n"})
  void aMapIsAnErrorForRequestsThatTravelTogether(String map) {
    answer(map);
    for (int together = 1; together <= 6; together++) {
      List<Future<?>> calls = new CopyOnWriteArrayList<>();
      int count = together;
      get(
          Future.<Void>future(
              sent ->
                  vertx.runOnContext(
                      here -> {
                        for (int i = 0; i < count; i++) {
                          calls.add(backend.find(key()));
                        }
                        sent.complete();
                      })));
      calls.forEach(this::assertUnavailable);
    }
    assertWell();
  }

  @ParameterizedTest
  @ValueSource(strings = {"*1\r\n$70000\r\ncut short", "*1\r\n:12", "*1\r\n"})
  void thatIsNeverFinishedIsNotWaitedForLongerThanTheTimeout(String half) {
    answer(half);
    assertUnavailable(backend.find(key()));
    assertWell();
  }

  @ParameterizedTest
  @ValueSource(strings = {"*1\r\n:12", "*1\r\n$70000\r\ncut short", "", "*1\r\n"})
  void cutShortByTheEndOfTheConnection(String wrong) {
    answer(wrong);
    server.closing.add("EVALSHA");
    assertUnavailable(backend.find(key()));
    server.closing.clear();
    assertWell();
  }

  @Test
  void tooLateByAClockThatWasSetForwardIsSentAgainWithoutADeadline() {
    String late = RedisErrors.LATE;
    server.answers.put(
        "EVALSHA", FakeRedis.bytes("*1\r\n$" + late.length() + "\r\n" + late + "\r\n"));
    server.answers.put("EVAL", FakeRedis.bytes("*1\r\n:" + FENCE + "\r\n"));
    assertThat(acquire(backend, key(), token())).isEqualTo(Long.parseLong(FENCE));
  }

  @Test
  void anOlderServersWordsForTheSameAreUnderstood() {
    String where = "@user_script: 12: -";
    assertThat(RedisErrors.isNotHere(where + "READONLY You can't write")).isTrue();
    assertThat(RedisErrors.isNotHere("READONLY You can't write")).isTrue();
    assertThat(RedisErrors.isNotHere("ERR a READONLY b")).isFalse();
    assertThat(RedisErrors.isOutOfMemory(where + "OOM command not allowed")).isTrue();
  }

  @Test
  void nilIsAnAnswerToFindAlone() {
    answer("*1\r\n$-1\r\n");
    assertThat(get(backend.find(key()))).isEmpty();
    assertUnavailable(backend.acquire(request(key(), token())));
    assertUnavailable(backend.extend(key(), token(), LONG));
    assertWell();
  }

  @Test
  void deepAndHugeAnswersAreErrors() {
    answer("*1\r\n".repeat(2_000) + ":1\r\n");
    assertUnavailable(backend.find(key()));
    assertWell();
    answer("*1\r\n$3000000\r\n" + "x".repeat(3_000_000) + "\r\n");
    Throwable failure = failureOf(backend.find(key()));
    assertThat(failure.getMessage().length()).isLessThan(3_000);
    assertWell();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*3\r\n$7\r\nmessage\r\n<channel>$3\r\nabc\r\n",
        "*3\r\n$7\r\nmessage\r\n<channel>$20\r\n99999999999999999999\r\n",
        "*3\r\n$7\r\nmessage\r\n<channel>$-1\r\n",
        "*3\r\n$7\r\nmessage\r\n$-1\r\n$1\r\n1\r\n",
        "%3\r\n+message\r\n+a\r\n+b\r\n+c\r\n+d\r\n+e\r\n",
        "*3\r\n$-1\r\n$-1\r\n$-1\r\n",
        "*3\r\n:1\r\n:2\r\n:3\r\n",
        "*3\r\n$7\r\nmessage\r\n<channel>*0\r\n",
        "*0\r\n",
        "+what\r\n",
        "$-1\r\n",
      })
  void messagesThatAreNotCallsDoNoHarm(String message) {
    eventually("it listens", () -> server.subscribers() == 1);
    server.tell(message);
    assertWell();
    assertThat(server.subscribers()).isEqualTo(1);
  }

  @Test
  void anOverwrittenRecordIsAnErrorOfItsOwn() {
    RedisServer real = RedisServer.shared();
    backend = open(real);
    for (String lease : List.of("", "x", "held", "9".repeat(200), "\n\n\n", "é\u0000")) {
      LeaseKey bad = key();
      LeaseKey good = key();
      real.call("HSET", RedisRequest.record("conclave", bad), "lease", lease);
      Future<?> first = backend.find(bad);
      Future<Acquisition> neighbour = backend.acquire(request(good, token()));
      Throwable failure = get(first.transform(a -> Future.succeededFuture(a.cause())));
      assertThat(failure == null || ErrorCode.BACKEND_UNAVAILABLE.is(failure))
          .as(lease + ": " + failure)
          .isTrue();
      assertThat(get(neighbour).granted()).isTrue();
      real.call("DEL", RedisRequest.record("conclave", bad));
      acquire(backend, bad, token());
    }
  }

  /** Page after page to the end. */
  private Future<?> listed(String prefix, String page) {
    return backend
        .list(LeaseKey.Kind.LOCK, prefix, page, 10)
        .compose(
            found ->
                found.next() == null
                    ? Future.succeededFuture()
                    : listed(prefix, found.next()).mapEmpty());
  }

  @Test
  void metadataThatIsNotJsonIsAnErrorOfItsOwn() {
    RedisServer real = RedisServer.shared();
    backend = open(real);
    LeaseKey bad = key();
    String token = token();
    acquire(backend, bad, token);
    String record = RedisRequest.record("conclave", bad);
    String lease = (String) real.call("HGET", record, "lease");
    real.call("HSET", record, "lease", lease + "{no json");
    for (Future<?> call :
        List.of(
            backend.find(bad), backend.acquire(request(bad, token())), listed(bad.name(), null))) {
      assertThat(failureOf(call))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is, "BACKEND_UNAVAILABLE")
          .hasMessageContaining("Redis at ")
          .hasMessageNotContaining(Planted.MARKER);
    }
    assertThat(get(backend.owns(bad, token))).isTrue();
    assertThat(get(backend.release(bad, token))).isTrue();
    acquire(backend, bad, token());
  }
}
