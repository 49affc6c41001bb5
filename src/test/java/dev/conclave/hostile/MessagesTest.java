package dev.conclave.hostile;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.ConclaveVerticle;
import dev.conclave.election.LeaderElectionService;
import dev.conclave.error.ErrorCode;
import dev.conclave.hostile.Mutations.Mutated;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskService;
import dev.conclave.testing.Planted;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What anybody may send to the services' addresses: it is answered, and the service goes on. */
class MessagesTest {
  private static final int MESSAGES = 400;

  /** Far more than an answer takes, and less than the patience of a test. */
  private static final long UNANSWERED = 20_000;

  private static final LockServiceOptions LOCKS = new LockServiceOptions().setMaxWait(200);
  private static final String ELECTION = LeaderElectionService.address("nightly");

  private record Call(String address, String action, JsonObject body) {}

  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private Vertx vertx;
  private LockService locks;

  static LongStream seeds() {
    return Seeds.all();
  }

  @BeforeEach
  void deploy() {
    vertx = Vertx.vertx().exceptionHandler(uncaught::add);
    JsonObject config =
        new JsonObject()
            .put("backend", new JsonObject().put("type", "memory"))
            .put("locks", new JsonObject().put("maxWait", LOCKS.getMaxWait()))
            .put(
                "elections",
                new JsonArray().add(new JsonObject().put("election", "nightly").put("worker", "w")))
            .put(
                "tasks",
                new JsonArray()
                    .add(
                        new JsonObject()
                            .put("name", "refresh")
                            .put("every", 3_600_000)
                            .put("initialDelay", 3_600_000)
                            .put("address", "work")
                            .put("mode", "publish")));
    get(vertx.deployVerticle(new ConclaveVerticle(), new DeploymentOptions().setConfig(config)));
    locks = LockService.createProxy(vertx, LOCKS);
  }

  @AfterEach
  void close() {
    get(vertx.close());
    assertThat(uncaught).as("exceptions that were not caught").isEmpty();
  }

  private static JsonObject named(String name, String... more) {
    JsonObject body = new JsonObject().put("name", name);
    for (String key : more) {
      body.put(key, Planted.secret());
    }
    return body;
  }

  private static JsonObject request(String name) {
    return named(name, "token")
        .put("owner", "owner")
        .put("leaseDuration", 1_000)
        .put("waitTimeout", 0)
        .put("metadata", new JsonObject().put("a", new JsonArray().add(1)));
  }

  private static LockRequest lock(String name) {
    return new LockRequest().setName(name).setWaitTimeout(0);
  }

  private static List<Call> valid(int number) {
    String name = "lock-" + number;
    String address = LockService.DEFAULT_ADDRESS;
    return List.of(
        new Call(address, "acquire", new JsonObject().put("request", request(name))),
        new Call(address, "extend", named(name, "token").put("leaseDuration", 1_000)),
        new Call(address, "release", named(name, "token")),
        new Call(address, "locked", named(name)),
        new Call(address, "owned", named(name, "token")),
        new Call(address, "find", named(name)),
        new Call(
            address, "list", new JsonObject().put("prefix", name).putNull("page").put("limit", 10)),
        new Call(address, "revoke", named(name)),
        new Call(address, "withdraw", named(name, "token").put("from", "another instance")),
        new Call(ELECTION, "status", new JsonObject()),
        new Call(ELECTION, "resign", new JsonObject().put("cooldown", 0)),
        new Call(ELECTION + ".w", "resign", new JsonObject().put("cooldown", 0)),
        new Call(TaskService.DEFAULT_ADDRESS, "list", new JsonObject()),
        new Call(TaskService.DEFAULT_ADDRESS, "trigger", named("refresh")),
        new Call(TaskService.DEFAULT_ADDRESS, "pause", named("refresh")),
        new Call(TaskService.DEFAULT_ADDRESS, "reset", named("refresh")),
        new Call(TaskService.DEFAULT_ADDRESS, "resume", named("refresh")));
  }

  private Future<?> send(String address, String action, Object body) {
    DeliveryOptions options = new DeliveryOptions().setSendTimeout(UNANSWERED);
    if (action != null) {
      options.addHeader("action", action);
    }
    vertx.eventBus().send(address, body, options);
    return vertx.eventBus().request(address, body, options);
  }

  /** An answer, or a failure with one of our codes, that is short and keeps the secrets. */
  private static void assertAnswered(String what, Future<?> answer) {
    Throwable failure = get(answer.transform(a -> Future.succeededFuture(a.cause())));
    if (failure != null) {
      assertThat(failure).as(what).matches(f -> ErrorCode.of(f) != null, "has one of our codes");
      assertThat(shortened(failure.toString()))
          .as(what)
          .doesNotContain(Planted.MARKER)
          .hasSizeLessThan(1_000);
    }
  }

  /** Enough to tell that it is too long. */
  private static String shortened(String text) {
    return text.length() > 2_000 ? text.substring(0, 2_000) : text;
  }

  private void assertServing() {
    String token = get(locks.acquire(lock("in the end"))).getToken();
    get(locks.extend("in the end", token, 1_000));
    assertThat(get(locks.release("in the end", token))).isTrue();
    assertThat(get(LeaderElectionService.createProxy(vertx, "nightly").status())).isNotNull();
    assertThat(get(TaskService.createProxy(vertx).list())).hasSize(1);
  }

  @ParameterizedTest(name = "-Dfuzz.seed={0}")
  @MethodSource("seeds")
  void whateverIsSentIsAnswered(long seed) {
    Random random = new Random(seed);
    Mutations mutations = new Mutations(random);
    List<String> sent = new ArrayList<>();
    List<Future<?>> answers = new ArrayList<>();
    for (int i = 0; i < MESSAGES; i++) {
      List<Call> valid = valid(i);
      Call call = valid.get(random.nextInt(valid.size()));
      Object body = call.body;
      String action = call.action;
      String how = "nothing changed";
      int kind = random.nextInt(10);
      if (kind == 0) {
        body = bodies().get(random.nextInt(bodies().size()));
        how = "body " + (body == null ? null : body.getClass().getSimpleName());
      } else if (kind == 1) {
        action = actions().get(random.nextInt(actions().size()));
        how = "another action";
      } else if (kind == 2) {
        action = valid.get(random.nextInt(valid.size())).action;
        how = "action " + action;
      } else if (!call.body.isEmpty()) {
        Mutated mutated = mutations.mutate(call.body);
        body = mutated.json();
        how = mutated.toString();
      }
      sent.add("message " + i + " to " + call.address + " " + call.action + ", " + how);
      answers.add(send(call.address, action, body));
    }
    for (int i = 0; i < MESSAGES; i++) {
      assertAnswered(sent.get(i), answers.get(i));
    }
    assertServing();
  }

  private static List<Object> bodies() {
    return Arrays.asList(
        "text",
        "{\"name\":\"x\"}",
        42,
        1.5,
        true,
        null,
        'c',
        Buffer.buffer("bytes"),
        new byte[] {1, 2},
        new JsonArray().add(1),
        new JsonObject(),
        "x".repeat(3_000_000),
        new JsonObject().put("name", "x".repeat(3_000_000)),
        new JsonObject().put("request", new JsonObject().put("name", "x".repeat(3_000_000))),
        new JsonObject().put("request", Mutations.nested(900)));
  }

  private static List<String> actions() {
    return Arrays.asList(
        null, "", "close", "toString", "ACQUIRE", "acquire ", "\n", "x".repeat(100_000));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "extend  | {\"name\":\"n\",\"token\":\"t\"} | leaseDuration is missing; expected a whole",
        "extend  | {\"name\":\"n\",\"token\":\"t\",\"leaseDuration\":1.5} | leaseDuration 1.5 has",
        "extend  | {\"name\":\"n\",\"token\":\"t\",\"leaseDuration\":\"9\"} | leaseDuration has a",
        "extend  | {\"name\":\"n\",\"token\":\"t\",\"leaseDuration\":18446744073709552616}"
            + " | leaseDuration 18446744073709552616 has",
        "release | {\"name\":\"n\"} | token is missing; expected a string",
        "release | {\"name\":\"n\",\"token\":5} | token has a wrong type; expected a string",
        "withdraw | {\"name\":\"n\",\"token\":5} | token has a wrong type; expected a string",
        "find    | {\"name\":[\"n\"]} | name has a wrong type; expected a string",
        "list    | {\"limit\":4294967301} | limit 4294967301 has a wrong type; expected a whole",
        "acquire | {} | request is missing; expected an object",
        "acquire | {\"request\":{\"name\":\"n\",\"token\":5}} | request.token has a wrong type",
        "acquire | {\"request\":{\"name\":\"n\",\"leaseDuration\":\"5000\"}}"
            + " | request.leaseDuration has a wrong type; expected a whole",
        "acquire | {\"request\":{\"name\":\"n\",\"newToken\":\"no\"}}"
            + " | request.newToken has a wrong type; expected true or false",
        "acquire | {\"request\":{\"name\":\"n\",\"metadata\":[]}} | request.metadata has a wrong",
        "grab    | {} | the message's action 'grab' is unknown; expected one of acquire, extend",
        "        | {} | the message's header 'action' is missing; expected one of acquire, extend",
        "find    | | the body of a message with action 'find' is missing; expected an object",
      })
  void whatDoesNotFitIsRefusedInASentence(String action, String body, String sentence) {
    JsonObject json = body == null ? null : new JsonObject(body);
    assertThat(failureOf(send(LockService.DEFAULT_ADDRESS, action, json)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining(sentence);
  }

  @Test
  void aForgedTokenNeitherExtendsNorReleases() {
    String token = get(locks.acquire(lock("door"))).getToken();
    for (String forged :
        List.of(token + " ", " " + token, token.toUpperCase(), token.substring(1), "*", "%", "'")) {
      if (!forged.equals(token)) {
        assertThat(failureOf(locks.extend("door", forged, 1_000))).matches(ErrorCode.NOT_OWNER::is);
        assertThat(get(locks.release("door", forged))).isFalse();
        assertThat(get(locks.owned("door", forged))).isFalse();
      }
    }
    assertThat(get(locks.owned("door", token))).isTrue();
  }

  @Test
  void replayedMessagesDoNothingNew() {
    String token = Planted.secret();
    LockRequest request = lock("door").setToken(token);
    long fence = get(locks.acquire(request)).getFencingToken();
    assertThat(get(locks.acquire(request)).getFencingToken()).as("one holding").isEqualTo(fence);
    assertThat(get(locks.release("door", token))).isTrue();
    assertThat(get(locks.release("door", token))).isFalse();
    assertThat(failureOf(locks.extend("door", token, 1_000))).matches(ErrorCode.NOT_OWNER::is);
    assertThat(get(locks.locked("door"))).isFalse();
    String next = get(locks.acquire(lock("door"))).getToken();
    assertThat(failureOf(locks.acquire(request))).matches(ErrorCode.TIMEOUT::is);
    assertThat(get(locks.release("door", token))).isFalse();
    assertThat(get(locks.owned("door", next))).isTrue();
  }

  @Test
  void aCooldownBeyondAllReasonIsRefused() {
    for (String address : List.of(ELECTION, ELECTION + ".w")) {
      assertThat(failureOf(send(address, "resign", new JsonObject().put("cooldown", 1L << 62))))
          .matches(ErrorCode.INVALID::is)
          .hasMessageContaining("cooldown");
    }
  }
}
