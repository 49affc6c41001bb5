package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Planted;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A table that other programs have written to or changed, and messages that are not ours. */
class PostgresOddTableTest extends PostgresFixture {
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private SyncBackend backend;

  @BeforeEach
  void openBackend() {
    vertx.exceptionHandler(uncaught::add);
    backend = open(config().put("timeout", 10_000));
    get(backend.ping());
  }

  @AfterEach
  void nothingWasUncaught() {
    assertThat(uncaught).as("exceptions that were not caught").isEmpty();
  }

  private List<Future<?>> everything(LeaseKey key, String token) {
    List<Future<?>> calls = new ArrayList<>();
    calls.add(backend.find(key));
    calls.add(backend.owns(key, token));
    calls.add(backend.acquire(request(key, Planted.secret())));
    calls.add(backend.acquire(request(key, Planted.secret()).waiting(LONG, () -> {})));
    calls.add(backend.acquire(request(key, token)));
    calls.add(backend.extend(key, token, LONG));
    calls.add(backend.list(key.kind(), key.name(), null, 10));
    calls.add(backend.advance(key.name(), 1));
    calls.add(backend.release(key, token));
    calls.add(backend.revoke(key));
    return calls;
  }

  /** Each ends, and if badly, in a sentence that names the server. Answers how many failed. */
  private int failed(List<Future<?>> calls) {
    int failures = 0;
    for (Future<?> call : calls) {
      Throwable failure = get(call.transform(end -> Future.succeededFuture(end.cause())));
      if (failure != null) {
        failures++;
        assertThat(failure)
            .matches(ErrorCode.BACKEND_UNAVAILABLE::is, "BACKEND_UNAVAILABLE")
            .hasMessageContaining("PostgreSQL at 127.0.0.1:" + server().port() + "/" + database)
            .hasMessageNotContaining(Planted.MARKER);
      }
    }
    return failures;
  }

  private void assertWell(LeaseKey key) {
    eventually(
        "an acquire is granted again",
        () ->
            get(
                backend
                    .acquire(request(key, Planted.secret()))
                    .map(Acquisition::granted)
                    .otherwise(false)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "metadata = 'no json'",
        "metadata = '[1]'",
        "metadata = '5'",
        "metadata = ''",
        "metadata = 'null'",
        "owner = NULL",
        "owner = ''",
        "token = NULL",
        "line = '{}'",
        "line = '5'",
        "line = 'null'",
        "line = '[]'",
        "line = '[1, null, \"x\", []]'",
        "line = '[{\"t\": 5, \"until\": \"x\", \"client\": null}]'",
        "line = '[{\"until\": 99999999999999999999999}]'",
        "line = '[{\"until\": 9000000000000000, \"client\": null, \"n\": {}, \"t\": null}]'",
        "fence = 0",
        "fence = -1",
        "fence = 9223372036854775807",
        "since = 'infinity'",
        "since = '-infinity'",
        "expires_at = 'infinity'",
        "duration = -9223372036854775808",
        "offered = true",
        "offered = true, token = NULL",
        "watched_until = 'infinity'",
      })
  void anOverwrittenRecordDoesNotAffectOthers(String change) {
    LeaseKey odd = key();
    LeaseKey other = key();
    String token = Planted.secret();
    String others = Planted.secret();
    acquire(backend, odd, token);
    acquire(backend, other, others);
    server()
        .execute(
            database, "UPDATE conclave_lease SET " + change + " WHERE name = '" + odd.name() + "'");
    List<Future<?>> calls = everything(odd, token);
    List<Future<Boolean>> neighbours = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      neighbours.add(backend.extend(other, others, LONG));
      neighbours.add(backend.acquire(request(key(), Planted.secret())).map(Acquisition::granted));
    }
    failed(calls);
    assertThat(neighbours).allMatch(call -> get(call));
    server().execute(database, "DELETE FROM conclave_lease WHERE name = '" + odd.name() + "'");
    assertWell(odd);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RENAME COLUMN fence TO number | RENAME COLUMN number TO fence",
        "RENAME TO elsewhere | RENAME TO conclave_lease",
        "ALTER fence DROP NOT NULL, ALTER since DROP NOT NULL, ALTER expires_at DROP NOT NULL,"
            + " ALTER offered DROP NOT NULL | ALTER fence SET DEFAULT 0",
        "ALTER fence TYPE text | ALTER fence TYPE bigint USING 1",
        "ALTER metadata TYPE jsonb USING '{}'::jsonb | ALTER metadata TYPE text",
        "ALTER line TYPE text | ALTER line TYPE jsonb USING NULL",
        "ALTER owner TYPE bigint USING 1 | ALTER owner TYPE text",
        "ALTER expires_at TYPE timestamp | ALTER expires_at TYPE timestamptz",
        "ALTER since TYPE text | ALTER since TYPE timestamptz USING now()",
        "ADD CONSTRAINT no CHECK (fence < 0) NOT VALID | DROP CONSTRAINT no",
        "ADD must text NOT NULL DEFAULT '' | DROP must",
      })
  void aTableOfAnotherShapeIsAnErrorUntilItIsRight(String change, String back) {
    LeaseKey key = key();
    String token = Planted.secret();
    acquire(backend, key, token);
    server().execute(database, "ALTER TABLE conclave_lease " + change);
    if (change.contains("DROP NOT NULL")) {
      server()
          .execute(
              database, "UPDATE conclave_lease SET fence = NULL, since = NULL, offered = NULL");
    }
    failed(everything(key, token));
    if (change.startsWith("RENAME TO")) {
      server().execute(database, "DROP TABLE IF EXISTS conclave_lease");
    }
    String name = change.startsWith("RENAME TO") ? "elsewhere" : "conclave_lease";
    server().execute(database, "ALTER TABLE " + name + " " + back);
    server().execute(database, "DELETE FROM conclave_lease");
    assertWell(key());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE VIEW conclave_lease AS SELECT 1 AS a",
        "CREATE VIEW conclave_lease AS SELECT DISTINCT * FROM elsewhere",
        "CREATE MATERIALIZED VIEW conclave_lease AS SELECT * FROM elsewhere",
        "CREATE SEQUENCE conclave_lease",
        "CREATE TABLE conclave_lease (kind int, name int)",
        "CREATE TABLE conclave_lease (LIKE elsewhere INCLUDING DEFAULTS)",
        "CREATE TABLE conclave_lease (LIKE elsewhere INCLUDING ALL);"
            + " CREATE RULE r1 AS ON UPDATE TO conclave_lease DO INSTEAD NOTHING",
        "CREATE TABLE conclave_lease (LIKE elsewhere INCLUDING ALL);"
            + " CREATE RULE r2 AS ON INSERT TO conclave_lease DO INSTEAD NOTHING",
        "CREATE TABLE conclave_lease (LIKE elsewhere INCLUDING ALL);"
            + " CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN RETURN NULL; END';"
            + " CREATE TRIGGER t BEFORE INSERT OR UPDATE ON conclave_lease FOR EACH ROW EXECUTE"
            + " FUNCTION nothing()",
        "CREATE TABLE conclave_lease (LIKE elsewhere INCLUDING ALL);"
            + " CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN NEW.name := NULL; RETURN NEW; END';"
            + " CREATE TRIGGER t BEFORE INSERT OR UPDATE ON conclave_lease FOR EACH ROW EXECUTE"
            + " FUNCTION changed()",
      })
  void somethingElseInPlaceOfTheTableGrantsNothing(String other) {
    LeaseKey key = key();
    server().execute(database, "ALTER TABLE conclave_lease RENAME TO elsewhere");
    server().execute(database, other);
    List<Future<?>> calls = everything(key, Planted.secret());
    assertThat(failed(calls)).isPositive();
    server()
        .execute(
            database,
            "DO $$ DECLARE k \"char\" := (SELECT relkind FROM pg_class WHERE relname ="
                + " 'conclave_lease'); BEGIN EXECUTE 'DROP ' || CASE k WHEN 'v' THEN 'VIEW' WHEN"
                + " 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END"
                + " || ' conclave_lease'; ALTER TABLE elsewhere RENAME TO conclave_lease; END $$");
    assertWell(key);
  }

  @Test
  void notificationsThatAreNotOursDoNoHarm() {
    LeaseKey key = key();
    String token = Planted.secret();
    AtomicInteger turns = new AtomicInteger();
    AtomicInteger hints = new AtomicInteger();
    backend.watch(key, hints::incrementAndGet);
    acquire(backend, key, token);
    get(backend.acquire(request(key, Planted.secret()).waiting(LONG, turns::incrementAndGet)));
    String listening =
        "SELECT query FROM pg_stat_activity WHERE datname = '"
            + database
            + "' AND query LIKE 'LISTEN%'";
    eventually("it listens", () -> one(listening) != null);
    String[] channels = one(listening).split("\"");
    for (String payload :
        List.of(
            "",
            "+",
            "+x",
            "x",
            "-1",
            "9".repeat(30),
            "+" + "9".repeat(30),
            ":",
            "lock:",
            "x".repeat(7_000),
            "''",
            "é😀")) {
      for (String channel : List.of(channels[1], channels[3])) {
        server()
            .execute(
                database,
                "SELECT pg_notify('" + channel + "', '" + payload.replace("'", "''") + "')");
      }
    }
    int before = turns.get();
    assertThat(get(backend.release(key, token))).isTrue();
    eventually("the waiter's turn", () -> turns.get() > before);
    eventually("a hint", () -> hints.get() > 0);
  }
}
