package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.ServerClock;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What the statements promise beyond their answers: which clock they read, and in which order they
 * lock.
 *
 * <p>The clock: PostgreSQL's {@code now()} is the time at which the transaction began. In a
 * transaction that is older than the end of a lease, only {@code clock_timestamp()} shows that the
 * lease has expired.
 */
class StatementsTest extends PostgresFixture {
  private static final long LEASE = 60_000;
  private static final String PLACE =
      "[{\"t\": \"other\", \"n\": 1, \"client\": \"c\", \"owner\": \"o\", \"patience\": 1000}]";

  private final Statements statements = new Statements(TableName.parse(TableName.DEFAULT), "test");

  private PgConnection connect() {
    return get(PgConnection.connect(vertx, PostgresConfig.of(config()).connect()));
  }

  /** A connection in a transaction that began before these leases expired. */
  private PgConnection inAnOldTransaction(SyncBackend backend, List<LeaseKey> keys, String token) {
    PgConnection connection = connect();
    for (LeaseKey key : keys) {
      acquire(backend, key, token);
    }
    get(connection.begin());
    get(connection.query("SELECT now()").execute());
    for (LeaseKey key : keys) {
      String shorter = "UPDATE conclave_lease SET expires_at = clock_timestamp() WHERE name = '%s'";
      server().execute(database, shorter.formatted(key.name()));
    }
    get(connection.query("SELECT pg_sleep(0.05)").execute());
    return connection;
  }

  private static PostgresRequest ask(
      PostgresRequest.Kind kind, LeaseKey key, String token, String extra) {
    return PostgresRequest.of(kind, key, token, LEASE, extra, Long.MAX_VALUE);
  }

  private static PostgresRequest acquisition(LeaseKey key, String token, String place) {
    return new PostgresRequest(
        PostgresRequest.Kind.ACQUIRE,
        key.kind().id(),
        key.name(),
        token,
        LEASE,
        "owner",
        null,
        place,
        Long.MAX_VALUE,
        true);
  }

  private List<Row> run(PgConnection connection, PostgresRequest... asks) {
    return rows(statements.run(connection, asks[0].kind(), List.of(asks), ServerClock.NEVER, true));
  }

  private List<Row> runPlain(PgConnection connection, PostgresRequest... asks) {
    return rows(statements.runPlain(connection, asks[0].kind(), List.of(asks), ServerClock.NEVER));
  }

  private static List<Row> rows(Future<RowSet<Row>> answer) {
    List<Row> rows = new ArrayList<>();
    get(answer).forEach(rows::add);
    return rows;
  }

  /** Whether a lease and its fencing token began after the transaction, not with it. */
  private static void beganJustNow(PgConnection connection, LeaseKey key) {
    String fresh =
        "SELECT since - now() >= interval '50 ms'"
            + " AND expires_at - now() >= interval '60050 ms'"
            + " AND fence >= (extract(epoch FROM now()) * 1000000)::bigint + 50000"
            + " FROM conclave_lease WHERE name = '%s'";
    RowSet<Row> rows = get(connection.query(fresh.formatted(key.name())).execute());
    assertThat(rows.iterator().next().getBoolean(0)).as("began just now").isTrue();
  }

  @Test
  void whatExpiredDuringTheTransactionIsNotExtended() {
    LeaseKey expired = key();
    PgConnection connection = inAnOldTransaction(open(), List.of(expired), "mine");
    assertThat(run(connection, ask(PostgresRequest.Kind.EXTEND, expired, "mine", null))).isEmpty();
  }

  @Test
  void anExtensionCountsFromTheTimeAtWhichTheRecordWasLocked() {
    LeaseKey expired = key();
    LeaseKey live = key();
    SyncBackend backend = open();
    acquire(backend, live, "mine");
    PgConnection connection = inAnOldTransaction(backend, List.of(expired), "mine");
    assertThat(run(connection, ask(PostgresRequest.Kind.EXTEND, live, "mine", null))).hasSize(1);
    String late =
        "SELECT expires_at - now() >= interval '60050 ms' FROM conclave_lease WHERE name = '%s'";
    RowSet<Row> rows = get(connection.query(late.formatted(live.name())).execute());
    assertThat(rows.iterator().next().getBoolean(0)).as("extended from now on").isTrue();
  }

  @Test
  void whatExpiredDuringTheTransactionIsNotReleased() {
    LeaseKey alone = key();
    LeaseKey one = key();
    LeaseKey two = key();
    PgConnection connection = inAnOldTransaction(open(), List.of(alone, one, two), "mine");
    assertThat(
            run(
                connection,
                ask(PostgresRequest.Kind.VACATE, alone, "mine", PostgresRequest.RELEASE)))
        .allSatisfy(row -> assertThat(row.getBoolean(2)).as("a live lease ended").isFalse());
    assertThat(
            run(connection, ask(PostgresRequest.Kind.VACATE, alone, null, PostgresRequest.REVOKE)))
        .allSatisfy(row -> assertThat(row.getBoolean(2)).as("a live lease ended").isFalse());
    assertThat(
            runPlain(
                connection,
                ask(PostgresRequest.Kind.VACATE, alone, "mine", PostgresRequest.RELEASE)))
        .isEmpty();
    assertThat(
            runPlain(
                connection,
                ask(PostgresRequest.Kind.VACATE, one, "mine", PostgresRequest.RELEASE),
                ask(PostgresRequest.Kind.VACATE, two, "mine", PostgresRequest.RELEASE)))
        .isEmpty();
  }

  @Test
  void whatExpiredDuringTheTransactionIsGrantedToOthers() {
    LeaseKey expired = key();
    LeaseKey queued = key();
    LeaseKey alone = key();
    LeaseKey one = key();
    LeaseKey two = key();
    List<LeaseKey> all = List.of(expired, queued, alone, one, two);
    PgConnection connection = inAnOldTransaction(open(), all, "mine");
    assertThat(run(connection, acquisition(expired, "other", null)))
        .singleElement()
        .satisfies(row -> assertThat(row.getBoolean(2)).as("granted").isTrue());
    assertThat(run(connection, acquisition(queued, "other", PLACE)))
        .singleElement()
        .satisfies(row -> assertThat(row.getBoolean(2)).as("granted").isTrue());
    assertThat(runPlain(connection, acquisition(alone, "other", null))).hasSize(1);
    assertThat(
            runPlain(connection, acquisition(one, "other", null), acquisition(two, "other", null)))
        .hasSize(2);
    all.forEach(key -> beganJustNow(connection, key));
  }

  @Test
  void aRefusalTellsTheHoldersTimesAsTheyAreNow() {
    LeaseKey live = key();
    SyncBackend backend = open();
    acquire(backend, live, "mine");
    PgConnection connection = inAnOldTransaction(backend, List.of(), "mine");
    for (String place : new String[] {null, PLACE}) {
      Row refusal = run(connection, acquisition(live, "other", place)).get(0);
      assertThat(refusal.getBoolean(2)).as("granted").isFalse();
      assertThat(refusal.getLong(5)).as("age in microseconds").isGreaterThanOrEqualTo(50_000);
      assertThat(refusal.getLong(6)).as("remaining").isLessThanOrEqualTo(LEASE * 1000 - 50_000);
    }
  }

  @Test
  void whatExpiredDuringTheTransactionIsNotShown() {
    LeaseKey expired = key();
    PgConnection connection = inAnOldTransaction(open(), List.of(expired), "mine");
    assertThat(run(connection, ask(PostgresRequest.Kind.READ, expired, "mine", null))).isEmpty();
    assertThat(rows(statements.list(connection, "lock", "test-", "test-z", 10))).isEmpty();
  }

  @Test
  void aFirstGrantBeginsWhenItIsMadeNotWithTheTransaction() {
    LeaseKey fresh = key();
    LeaseKey alone = key();
    LeaseKey one = key();
    LeaseKey two = key();
    PgConnection connection = inAnOldTransaction(open(), List.of(), "mine");
    run(connection, acquisition(fresh, "mine", null));
    runPlain(connection, acquisition(alone, "mine", null));
    runPlain(connection, acquisition(one, "mine", null), acquisition(two, "mine", null));
    List.of(fresh, alone, one, two).forEach(key -> beganJustNow(connection, key));
  }

  /**
   * While another transaction has locked the first record, a statement has not locked the second.
   */
  private void locksInOrder(String sql, Tuple arguments) throws Exception {
    SyncBackend backend = open();
    // In the table, and in the arrays, the second comes first.
    acquire(backend, LeaseKey.lock("order-b"), "mine");
    acquire(backend, LeaseKey.lock("order-a"), "mine");
    PgConnection connection = connect();
    Future<RowSet<Row>> answer;
    try (Connection other = server().connect(database);
        Statement locking = other.createStatement()) {
      other.setAutoCommit(false);
      locking.execute("SELECT FROM conclave_lease WHERE name = 'order-a' FOR UPDATE");
      answer = connection.preparedQuery(sql).execute(arguments);
      eventually(
          "the statement waits for a lock",
          () ->
              "1"
                  .equals(
                      one(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND datname = current_database()")));
      assertThat(
              one(
                  "SELECT count(*) FROM (SELECT FROM conclave_lease WHERE name = 'order-b'"
                      + " FOR UPDATE SKIP LOCKED) AS free"))
          .as("records that can still be locked")
          .isEqualTo("1");
      other.rollback();
    }
    assertThat(get(answer).size()).isEqualTo(2);
  }

  private static final String[] KINDS = {"lock", "lock"};
  private static final String[] NAMES = {"order-b", "order-a"};
  private static final String[] TOKENS = {"mine", "mine"};
  private static final Long[] DURATIONS = {LEASE, LEASE};
  private static final String PATIENT = "20s";

  @Test
  void extensionsLockInTheOrderOfTheNames() throws Exception {
    locksInOrder(
        LeaseSql.EXTEND, Tuple.of(KINDS, NAMES, TOKENS, DURATIONS, PATIENT, ServerClock.NEVER));
  }

  @Test
  void releasesLockInTheOrderOfTheNames() throws Exception {
    locksInOrder(
        LeaseSql.VACATE,
        Tuple.wrap(
            new Object[] {
              KINDS,
              NAMES,
              new String[] {PostgresRequest.RELEASE, PostgresRequest.RELEASE},
              TOKENS,
              PATIENT,
              SyncBackend.OFFER.toMillis(),
              "watch",
              Statements.CHANNEL,
              "test",
              ServerClock.NEVER
            }));
  }

  @Test
  void plainReleasesLockInTheOrderOfTheNames() throws Exception {
    locksInOrder(PlainSql.RELEASE_MANY, Tuple.of(KINDS, NAMES, TOKENS, PATIENT));
  }

  @Test
  void acquisitionsLockInTheOrderOfTheNames() throws Exception {
    String[] owners = {"owner", "owner"};
    locksInOrder(
        LeaseSql.ACQUIRE,
        Tuple.wrap(
            new Object[] {
              KINDS,
              NAMES,
              TOKENS,
              owners,
              new String[2],
              DURATIONS,
              new String[2],
              PATIENT,
              "watch",
              ServerClock.NEVER
            }));
  }
}
