package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.SyncBackend;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Inspection and upkeep hold up no lease, however many records there are. */
class PostgresUpkeepTest extends PostgresFixture {
  private static final int RECORDS = 50_000;

  /** What a node of a plan has really read, and how often it ran. */
  private static final Pattern ROWS =
      Pattern.compile("actual time=\\S+ rows=(\\d+)(?:\\.\\d+)? loops=(\\d+)");

  private static final Pattern REMOVED = Pattern.compile("Rows Removed by \\w+.*: (\\d+)");

  /** Records that have ended an hour ago, but for each 10000th, which is held. */
  private void fill() {
    server()
        .execute(
            database,
            "INSERT INTO conclave_lease (kind, name, fence, since, expires_at)"
                + " SELECT 'lock', to_char(i, 'FM000000'), 1,"
                + " clock_timestamp() - interval '1 hour',"
                + " clock_timestamp() + CASE WHEN i % 10000 = 0 THEN 1 ELSE -1 END"
                + " * interval '1 hour' FROM generate_series(1, "
                + RECORDS
                + ") AS i");
  }

  @Test
  void aListingOfManyIdleRecordsLetsRenewalsBetween() {
    SyncBackend backend = open();
    fill();
    LeaseKey key = key();
    String token = token();
    acquire(backend, key, token);
    AtomicInteger renewals = new AtomicInteger();
    AtomicBoolean listed = new AtomicBoolean();
    renew(backend, key, token, renewals, listed);
    Set<String> live = new TreeSet<>();
    int pages = 0;
    String next = null;
    do {
      int before = renewals.get();
      LeasePage page = get(backend.list(LeaseKey.Kind.LOCK, "0", next, 100));
      page.leases().forEach(lease -> live.add(lease.key().name()));
      next = page.next();
      pages++;
      eventually("a renewal before the next page", () -> renewals.get() > before);
    } while (next != null);
    listed.set(true);
    assertThat(live).containsExactly("010000", "020000", "030000", "040000", "050000");
    assertThat(pages).isBetween(RECORDS / 1000, RECORDS / 1000 + 5 + 1);
  }

  private static void renew(
      SyncBackend backend, LeaseKey key, String token, AtomicInteger done, AtomicBoolean enough) {
    backend
        .extend(key, token, LONG)
        .onSuccess(
            extended -> {
              if (extended && !enough.get()) {
                done.incrementAndGet();
                renew(backend, key, token, done, enough);
              }
            });
  }

  @Test
  void aPageHoldsNoMoreThanItsLimitAndLeavesNothingOut() {
    SyncBackend backend = open();
    server()
        .execute(
            database,
            "INSERT INTO conclave_lease (kind, name, fence, expires_at)"
                + " SELECT 'lock', to_char(i, 'FM0000'), 1, clock_timestamp() + interval '1 hour'"
                + " FROM generate_series(1, 2000) AS i");
    for (int limit : new int[] {7, 999, 1000}) {
      Set<String> live = new TreeSet<>();
      String next = null;
      do {
        LeasePage page = get(backend.list(LeaseKey.Kind.LOCK, "", next, limit));
        assertThat(page.leases()).hasSizeLessThanOrEqualTo(limit);
        page.leases().forEach(lease -> live.add(lease.key().name()));
        next = page.next();
      } while (next != null);
      assertThat(live).as("pages of %d", limit).hasSize(2000);
    }
  }

  @Test
  void noStatementReadsMoreThanAThousandRecords() throws SQLException {
    open();
    fill();
    server().execute(database, "ANALYZE conclave_lease"); // as autovacuum does
    assertReadsFew(LeaseSql.LIST, "'lock'", "''", "'~'", "100");
    assertReadsFew(LeaseSql.LIST, "'lock'", "'015000'", "'01~'", "1000");
    assertReadsFew(UpkeepSql.PURGE, "3600000000", "''", "''");
    assertReadsFew(UpkeepSql.PURGE, "1000", "'lock'", "'012345'");
    assertThat(one("SELECT count(*) FROM conclave_lease"))
        .as("one step has found nothing that is old enough, the other has dropped what it examined")
        .isEqualTo(String.valueOf(RECORDS - 1000));
  }

  /** Runs the statement, and judges by its plan what it has read of the table. */
  private void assertReadsFew(String sql, String... arguments) throws SQLException {
    String text = sql;
    for (int i = arguments.length; i > 0; i--) {
      text = text.replace("$" + i, arguments[i - 1]);
    }
    try (Connection connection = server().connect(database);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("EXPLAIN (ANALYZE, COSTS OFF) " + text)) {
      StringBuilder plan = new StringBuilder();
      long most = 0;
      while (rows.next()) {
        String line = rows.getString(1);
        plan.append(line).append('\n');
        Matcher read = ROWS.matcher(line);
        if (read.find()) {
          most = Math.max(most, Long.parseLong(read.group(1)) * Long.parseLong(read.group(2)));
        }
        Matcher removed = REMOVED.matcher(line);
        if (removed.find()) {
          most = Math.max(most, Long.parseLong(removed.group(1)));
        }
      }
      assertThat(most).as("rows of a node of\n%s", plan).isBetween(1L, 1000L);
    }
  }

  @Test
  void aPurgeReachesWhatIsIdleBehindManyThatAreNot() {
    SyncBackend backend = open(config().put("idleRetention", 1000));
    get(backend.ping());
    server()
        .execute(
            database,
            "INSERT INTO conclave_lease (kind, name, fence, since, expires_at)"
                + " SELECT 'lock', to_char(i, 'FM0000'), 1, clock_timestamp(),"
                + " clock_timestamp() + CASE WHEN i <= 2500 THEN 1 ELSE 0 END * interval '1 hour'"
                + " FROM generate_series(1, 2600) AS i");
    eventually(
        "the idle ones go",
        () -> "2500".equals(one("SELECT count(*) FROM conclave_lease WHERE kind = 'lock'")));
  }

  @Test
  void aMalformedQueueDoesNotEndThePurge() {
    SyncBackend backend = open(config().put("idleRetention", 1000));
    get(backend.ping());
    String future = "9000000000000000";
    String[] lines = {
      "{}", "5", "null", "[]", "[1, null, \"x\", []]", "[{\"until\": \"x\"}]", "[{\"until\": true}]"
    };
    for (String line : lines) {
      server().execute(database, idle("malformed " + line, line));
    }
    server().execute(database, idle("waiting", "[{\"until\": " + future + "}]"));
    eventually(
        "what is idle goes",
        () ->
            "waiting"
                .equals(
                    one("SELECT string_agg(name, ',') FROM conclave_lease WHERE kind = 'lock'")));
  }

  private static String idle(String name, String line) {
    return "INSERT INTO conclave_lease (kind, name, fence, since, expires_at, line) VALUES ('lock',"
        + " '%s', 1, clock_timestamp(), clock_timestamp(), '%s')".formatted(name, line);
  }

  @Test
  void watchedKeysAreMarkedAgainAndAgain() {
    SyncBackend backend = open(PostgresConfig.of(config()), Duration.ofMillis(200));
    AtomicInteger hints = new AtomicInteger();
    backend.watch(LeaseKey.lock("watched"), hints::incrementAndGet);
    eventually("it is marked", () -> hints.get() > 0 && marks() == 1);
    server().execute(database, "UPDATE conclave_lease SET watched_until = NULL");
    eventually("it is marked again", () -> marks() == 1);
  }

  private int marks() {
    return Integer.parseInt(
        one("SELECT count(*) FROM conclave_lease WHERE watched_until > clock_timestamp()"));
  }

  @Test
  void manyWatchedKeysAreMarkedInSteps() {
    SyncBackend backend = open();
    AtomicInteger hints = new AtomicInteger();
    int keys = 2500;
    for (int i = 0; i < keys; i++) {
      backend.watch(LeaseKey.lock("watched-" + i), hints::incrementAndGet);
    }
    eventually(
        "all are marked",
        () -> String.valueOf(keys).equals(one("SELECT count(watched_until) FROM conclave_lease")));
    assertThat(
            Long.parseLong(
                one("SELECT count(DISTINCT xmin::text) FROM conclave_lease WHERE kind = 'lock'")))
        .as("statements, of 1000 keys at most")
        .isGreaterThanOrEqualTo(3);
  }
}
