package dev.conclave.backend.redis;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.Planted;
import dev.conclave.testing.RedisServer;
import dev.conclave.testing.SelfSigned;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passwords, ACL users and TLS; and that nothing secret is ever shown. */
class RedisSecurityTest extends RedisFixture {
  private static final String TOKEN = Planted.secret();
  private static final String OTHER_TOKEN = Planted.secret();
  private static final String WRONG = Planted.secret();
  private static final String PASSWORD = Planted.secret();

  /** Uses everything there is to use: both connections, a waiter, a watch, a listing. */
  private void exercise(SyncBackend backend) {
    LeaseKey key = key();
    String token = token();
    AtomicInteger turns = new AtomicInteger();
    acquire(backend, key, token);
    var waiter = request(key, token()).waiting(LONG, turns::incrementAndGet);
    assertThat(get(backend.acquire(waiter)).granted()).isFalse();
    assertThat(get(backend.list(key.kind(), key.name(), null, 10)).leases()).hasSize(1);
    assertThat(get(backend.release(key, token))).isTrue();
    eventually("the turn", () -> turns.get() > 0);
    assertThat(get(backend.acquire(waiter)).granted()).isTrue();
    assertThat(get(backend.advance(key.name(), 1))).isTrue();
  }

  @Test
  void aPasswordInTheConnectionString() {
    RedisServer server = closing(RedisServer.startWithPassword(PASSWORD));
    exercise(open(server));
  }

  @Test
  void aPasswordInAdditionToTheConnectionString() {
    RedisServer server = closing(RedisServer.startWithPassword(PASSWORD));
    JsonObject config = config("redis://127.0.0.1:" + server.port());
    config.getJsonObject("options").put("password", PASSWORD);
    exercise(open(config));
  }

  /** The command as the documentation has it, with another password. */
  private static String[] documentedUser() throws IOException {
    return Files.readString(Path.of("docs/redis.md"))
        .lines()
        .filter(line -> line.startsWith("ACL SETUSER"))
        .findFirst()
        .orElseThrow()
        .replace(">password", ">" + PASSWORD)
        .split(" ");
  }

  @Test
  void aUserWithTheRightsOfTheDocumentation() throws IOException {
    RedisServer server = closing(RedisServer.start());
    server.call(documentedUser());
    try (CapturedLog log = CapturedLog.ofEverything()) {
      SyncBackend backend =
          open(config("redis://conclave:" + PASSWORD + "@127.0.0.1:" + server.port()));
      get(backend.ping());
      exercise(backend);
      exerciseTheRest(backend);
      assertThat(log.text()).doesNotContain("NOPERM");
    }
    assertThat(server.call("ACL", "LOG").toString()).as("what was denied").isEqualTo("[]");
  }

  /** What elections, tasks and operators use in addition. */
  private void exerciseTheRest(SyncBackend backend) {
    LeaseKey key = LeaseKey.leader(key().name());
    String token = token();
    AtomicInteger hints = new AtomicInteger();
    try (Watch watch = backend.watch(key, hints::incrementAndGet)) {
      eventually("it is marked", () -> hints.get() > 0);
      acquire(backend, key, token);
      int before = hints.get();
      assertThat(get(backend.extend(key, token, LONG.multipliedBy(10_000)))).isTrue();
      assertThat(get(backend.owns(key, token))).isTrue();
      assertThat(get(backend.find(key))).isPresent();
      String waiter = token();
      get(backend.acquire(request(key, waiter).waiting(LONG, () -> {})));
      get(backend.leave(key, waiter));
      assertThat(get(backend.revoke(key))).isTrue();
      eventually("the hint", () -> hints.get() > before);
    }
    assertThat(get(backend.advance(key.name(), 2))).isTrue();
    assertThat(get(backend.register(key.name()))).isPresent();
    assertThat(get(backend.retreat(key.name(), 1))).isTrue();
  }

  @Test
  void aUserWithoutChannelsIsWarnedAndStillGetsLeases() {
    RedisServer server = closing(RedisServer.start());
    server.call(
        "ACL", "SETUSER", "deaf", "on", ">" + PASSWORD, "~conclave:*", "resetchannels", "+@all");
    try (CapturedLog log = CapturedLog.ofEverything()) {
      SyncBackend backend =
          open(config("redis://deaf:" + PASSWORD + "@127.0.0.1:" + server.port()));
      get(backend.ping());
      acquire(backend, key(), token());
      assertThat(log.text())
          .contains("refused a subscription", "NOPERM", "&conclave:*")
          .doesNotContain(PASSWORD);
    }
  }

  @Test
  void aWrongPasswordIsNamedButNeverShown() {
    RedisServer server = closing(RedisServer.startWithPassword(PASSWORD));
    for (String uri :
        new String[] {
          "redis://:" + WRONG + "@127.0.0.1:" + server.port(),
          "redis://unknown:" + WRONG + "@127.0.0.1:" + server.port(),
          "redis://127.0.0.1:" + server.port() + "?password=" + WRONG,
          "redis://127.0.0.1:" + server.port()
        }) {
      assertThat(failureOf(open(config(uri)).ping()))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContainingAll("127.0.0.1:" + server.port())
          .hasMessageNotContaining(WRONG);
    }
  }

  @Test
  void nothingSecretIsEverLogged() {
    RedisServer server = closing(RedisServer.startWithPassword(PASSWORD));
    try (CapturedLog log = CapturedLog.ofEverything()) {
      RedisBackend backend = open(server);
      LeaseKey odd = key();
      server.call("SET", RedisRequest.record("conclave", odd), "something else");
      failureOf(backend.acquire(request(odd, TOKEN)));
      acquire(backend, key(), TOKEN);
      get(
          backend.acquire(
              request(key(), OTHER_TOKEN)
                  .waiting(
                      LONG,
                      () -> {
                        throw new IllegalStateException("a waiter that breaks");
                      })));
      server.restart();
      eventually("it works again", () -> get(backend.ping().map(true).otherwise(false)));
      server.stop();
      failureOf(open(config("redis://:" + PASSWORD + "@127.0.0.1:" + server.port())).ping());
      assertThat(log.text())
          .contains("127.0.0.1:" + server.port())
          .doesNotContain(PASSWORD, TOKEN, OTHER_TOKEN);
    }
  }

  @Test
  void tlsWithACertificateThatIsTrusted(@TempDir Path directory) {
    SelfSigned certificate = SelfSigned.make(directory, "localhost");
    RedisServer server = closing(tls(certificate));
    JsonObject config = config("rediss://localhost:" + server.port());
    config
        .getJsonObject("options")
        .put(
            "netClientOptions",
            new JsonObject()
                .put("hostnameVerificationAlgorithm", "HTTPS")
                .put(
                    "pemTrustOptions",
                    new JsonObject()
                        .put("certPaths", new JsonArray().add(certificate.certificate()))));
    exercise(open(config));
  }

  @Test
  void tlsWithACertificateThatIsNotTrusted(@TempDir Path directory) {
    RedisServer server = closing(tls(SelfSigned.make(directory, "localhost")));
    JsonObject config = config("rediss://localhost:" + server.port());
    config
        .getJsonObject("options")
        .put("netClientOptions", new JsonObject().put("hostnameVerificationAlgorithm", "HTTPS"));
    assertThat(failureOf(open(config).ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("localhost:" + server.port());
  }

  private static RedisServer tls(SelfSigned certificate) {
    return RedisServer.start(
        "--tls-port",
        "$PORT",
        "--tls-cert-file",
        certificate.certificate(),
        "--tls-key-file",
        certificate.key(),
        "--tls-auth-clients",
        "no");
  }
}
