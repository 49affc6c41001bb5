package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.Certificate;
import dev.conclave.testing.Planted;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Passwords, certificates, and that neither they nor tokens ever appear in messages. */
class PostgresLoginTest extends PostgresFixture {
  private static final Certificate CERTIFICATE = Certificate.selfSigned("localhost", "127.0.0.1");
  private static PostgresServer own;

  @BeforeAll
  static void startServer() {
    own = PostgresServer.start();
    own.enableTls(CERTIFICATE);
  }

  @AfterAll
  static void stopServer() {
    own.close();
  }

  @Override
  PostgresServer server() {
    return own;
  }

  @Test
  void aScramPasswordLogsIn() {
    assertThat(
            own.known(
                "SELECT rolpassword FROM pg_authid WHERE rolname = '" + PostgresServer.USER + "'"))
        .startsWith("SCRAM-SHA-256$");
    acquire(open(), key(), token());
  }

  @Test
  void aWrongPasswordIsAClearErrorWithoutIt() {
    JsonObject options = new JsonObject().put("password", Planted.MARKER);
    SyncBackend backend = open(config().put("options", options));
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("password authentication failed")
        .hasMessageNotContainingAny(Planted.MARKER, PostgresServer.PASSWORD);
  }

  @Test
  void optionsGoOverTheUri() {
    JsonObject options =
        new JsonObject()
            .put("host", "127.0.0.1")
            .put("port", own.port())
            .put("user", PostgresServer.USER)
            .put("password", PostgresServer.PASSWORD)
            .put("database", database);
    get(
        open(config().put("uri", "postgresql://unknown@nowhere/nothing").put("options", options))
            .ping());
    JsonObject alone = new JsonObject().put("type", "postgres").put("options", options);
    get(open(alone).ping());
  }

  @Test
  void tlsVerifiesTheServer() {
    JsonObject ssl =
        new JsonObject()
            .put("hostnameVerificationAlgorithm", "HTTPS")
            .put(
                "pemTrustOptions",
                new JsonObject().put("certValues", new JsonArray().add(CERTIFICATE.base64Pem())));
    JsonObject options = new JsonObject().put("sslMode", "verify-full").put("sslOptions", ssl);
    SyncBackend backend = open(config().put("options", options));
    get(backend.ping());
    acquire(backend, key(), token());
    assertThat(
            one(
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        .isEqualTo("t");
  }

  @Test
  void aUriMayAskForTlsWithoutCertificates() {
    SyncBackend backend = open(config().put("uri", own.uri(database) + "?sslmode=require"));
    get(backend.ping());
    assertThat(
            own.known(
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                    + " WHERE datname = '"
                    + database
                    + "'"))
        .isEqualTo("t");
  }

  @Test
  void tlsRefusesAServerItDoesNotTrust() {
    Certificate another = Certificate.selfSigned("localhost", "127.0.0.1");
    JsonObject ssl =
        new JsonObject()
            .put("hostnameVerificationAlgorithm", "HTTPS")
            .put(
                "pemTrustOptions",
                new JsonObject().put("certValues", new JsonArray().add(another.base64Pem())));
    JsonObject options = new JsonObject().put("sslMode", "verify-full").put("sslOptions", ssl);
    assertThat(failureOf(open(config().put("options", options)).ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
  }

  @Test
  void badConfigurationIsRefusedWithoutSecrets() {
    assertThatThrownBy(() -> open(new JsonObject().put("type", "postgres")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.uri is missing");
    assertThatThrownBy(() -> open(config().put("uri", "http://me:secret@host/db")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.uri")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> open(config().put("uri", "postgresql://me:se@cret@host:x/db")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageNotContaining("cret");
    assertThatThrownBy(() -> open(config().put("options", new JsonObject().put("pasword", "s3"))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("backend.options.pasword", "password")
        .hasMessageNotContaining("s3");
    assertThatThrownBy(() -> open(config().put("options", new JsonObject().put("password", 4711))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.options.password")
        .hasMessageNotContaining("4711");
    assertThatThrownBy(() -> open(config().put("options", new JsonObject().put("sslMode", "on"))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("backend.options.sslMode", "verify-full");
    assertThatThrownBy(() -> open(config().put("options", new JsonObject().put("host", ""))))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("backend.options.host", "the host \"\"", "a host name");
    assertThatThrownBy(() -> open(config().put("timeout", 0)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.timeout is 0");
    assertThatThrownBy(() -> open(config().put("idleRetention", "1d")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.idleRetention");
    assertThatThrownBy(() -> open(config().put("tables", "x")))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.tables is not a known key");
  }

  @Test
  void logsContainNeitherPasswordsNorTokens() {
    String token = Planted.secret();
    try (CapturedLog log = CapturedLog.ofEverything()) {
      SyncBackend wrong =
          open(config().put("options", new JsonObject().put("password", Planted.MARKER)));
      failureOf(wrong.ping());
      SyncBackend backend = open();
      LeaseKey key = key();
      acquire(backend, key, token);
      get(backend.acquire(request(key, token + "2").waiting(LONG, () -> {})));
      own.execute(
          database,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
      acquireAfterOutage(backend, key(), token);
      own.execute(database, "ALTER TABLE conclave_lease ADD CHECK (owner <> 'owner') NOT VALID");
      failureOf(backend.acquire(request(key(), token)));
      assertThat(log.text())
          .contains("dev.conclave.backend.postgres")
          .doesNotContain(Planted.MARKER, "p%40ss");
    }
  }
}
