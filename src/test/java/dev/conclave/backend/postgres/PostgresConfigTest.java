package dev.conclave.backend.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.ClientSSLOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the parameters of a URI come to. */
class PostgresConfigTest {
  private static PostgresConfig of(String parameters) {
    return PostgresConfig.of(
        new JsonObject()
            .put("type", "postgres")
            .put("uri", "postgresql://me@db/app?" + parameters));
  }

  /** Merged options forgot it once, and the longest statements were planned for each request. */
  @Test
  void ourLongStatementsAreKeptPreparedUnlessAnOptionSaysOtherwise() {
    JsonObject config =
        new JsonObject().put("type", "postgres").put("uri", "postgresql://me@db/app");
    String statement = LeaseSql.VACATE;
    assertThat(keepsPrepared(config, statement)).isTrue();
    config.put("options", new JsonObject().put("port", 5433));
    assertThat(keepsPrepared(config, statement)).isTrue();
    config.put("options", new JsonObject().put("preparedStatementCacheSqlLimit", 100));
    assertThat(keepsPrepared(config, statement)).isFalse();
  }

  private static boolean keepsPrepared(JsonObject config, String statement) {
    return PostgresConfig.of(config).connect().getPreparedStatementCacheSqlFilter().test(statement);
  }

  @ParameterizedTest
  @ValueSource(strings = {"require", "prefer", "allow"})
  void aModeThatVerifiesNothingEncryptsWithoutCertificates(String mode) {
    ClientSSLOptions ssl = of("sslmode=" + mode).connect().getSslOptions();
    assertThat(ssl).isNotNull();
    assertThat(ssl.isTrustAll()).isTrue();
    assertThat(ssl.getHostnameVerificationAlgorithm()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"verify-ca", "verify-full"})
  void aModeThatVerifiesNeedsCertificates(String mode) {
    assertThatThrownBy(() -> of("sslmode=" + mode))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll(mode, "backend.options.sslOptions");
  }

  @ParameterizedTest
  @ValueSource(strings = {"target_session_attrs", "currentSchema", "pgbouncer", "sslrootcert"})
  void aParameterWithoutEffectIsRefusedByName(String name) {
    assertThatThrownBy(() -> of(name + "=true"))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("backend.uri", name);
  }
}
