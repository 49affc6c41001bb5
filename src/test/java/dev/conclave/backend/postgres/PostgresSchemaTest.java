package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The table: who makes it, what it is called. */
class PostgresSchemaTest extends PostgresFixture {
  private static String schemaFile() throws Exception {
    return Files.readString(Path.of("conf/postgres-schema.sql"));
  }

  @Test
  void theFileForAdministratorsIsWhatAutoMigrateRuns() throws Exception {
    assertThat(Migration.SCHEMA).isEqualTo(schemaFile());
  }

  @Test
  void eightClientsThatStartAtOnceMakeOneTable() {
    List<Future<Void>> pings = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pings.add(open(config()).ping());
    }
    pings.forEach(ping -> get(ping));
    assertThat(one("SELECT count(*) FROM pg_tables WHERE tablename = 'conclave_lease'"))
        .isEqualTo("1");
  }

  @Test
  void withoutAutoMigrateAMissingTableIsNamedWithItsFile() throws Exception {
    SyncBackend backend = open(config().put("autoMigrate", false).put("table", "locks_of_mine"));
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll(
            "\"locks_of_mine\" is missing", "conf/postgres-schema.sql", server().port() + "");
    server().execute(database, schemaFile().replace("conclave_lease", "locks_of_mine"));
    get(backend.ping());
    acquire(backend, key(), token());
  }

  @Test
  void aTableThatMayNotBeMadeIsAClearError() {
    SyncBackend backend = open(config().put("table", "nowhere.locks"));
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("nowhere");
  }

  @Test
  void aTableOfAnotherShapeIsAClearError() {
    server().execute(database, "CREATE TABLE conclave_lease (kind text, name text)");
    assertThat(failureOf(open(config()).ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll("conclave_lease", "conf/postgres-schema.sql");
  }

  @Test
  void tablesMayHaveASchemaAndOddNames() {
    server().execute(database, "CREATE SCHEMA \"My app\"");
    String name = "\"My app\".\"Select; 'from\"";
    SyncBackend odd = open(config().put("table", name));
    SyncBackend plain = open(config().put("table", "public.order"));
    LeaseKey key = key();
    acquire(odd, key, token());
    acquire(plain, key, token());
    assertThat(one("SELECT count(*) FROM " + name)).isEqualTo("1");
    assertThat(one("SELECT count(*) FROM \"order\"")).isEqualTo("1");
    assertThat(get(odd.find(key))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conclave_lease; DROP TABLE x",
        "a\"b",
        "\"a\"b\"",
        "\"\"",
        "a.b.c",
        ".a",
        "a.",
        "Locks",
        "1a",
        "a b",
        "\"a\nb\"",
        "\"a\u0000b\"",
        "a--",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      })
  void otherNamesAreRefused(String name) {
    assertThatThrownBy(() -> open(config().put("table", name)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("backend.table");
  }
}
