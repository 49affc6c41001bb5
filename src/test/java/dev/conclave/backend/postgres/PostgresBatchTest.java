package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A batch on a connection of the test's own. */
class PostgresBatchTest extends PostgresFixture {
  private final ServerClock clock = new ServerClock();

  /**
   * Requests of every kind that has a deadline, to be made within a time of this client's clock.
   */
  private List<Future<Row>> send(LeaseKey fresh, LeaseKey held, String token, Duration within) {
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    PostgresConfig config = PostgresConfig.of(config());
    PgConnection connection = get(PgConnection.connect(vertx, config.connect()));
    long deadline = scheduler.nanoTime() + within.toNanos();
    PostgresRequest acquire =
        new PostgresRequest(
            PostgresRequest.Kind.ACQUIRE,
            "lock",
            fresh.name(),
            token,
            60_000,
            "owner",
            null,
            null,
            deadline,
            true);
    PostgresRequest extend =
        PostgresRequest.of(PostgresRequest.Kind.EXTEND, held, token, 60_000, null, deadline);
    PostgresRequest retreat =
        PostgresRequest.register(PostgresRequest.Kind.RETREAT, held.name(), 1, deadline);
    PostgresRequest revoke =
        PostgresRequest.of(
            PostgresRequest.Kind.VACATE, key(), null, 0, PostgresRequest.REVOKE, deadline);
    PostgresBatch batch =
        new PostgresBatch(
            connection,
            new Statements(config.table(), "test"),
            new ContendedRecords(),
            List.of(acquire, extend, retreat, revoke),
            clock,
            scheduler);
    return get(batch.send());
  }

  @Test
  void tooLateByAClockThatWasSetForwardIsSentAgainWithoutADeadline() {
    LeaseKey held = key();
    String token = token();
    SyncBackend backend = open();
    acquire(backend, held, token);
    get(backend.advance(held.name(), 2));
    clock.shows(1, System.nanoTime());
    List<Future<Row>> answers = send(key(), held, token, Duration.ofMinutes(1));
    assertThat(get(answers.get(0)).getBoolean(2)).as("granted").isTrue();
    assertThat(get(answers.get(1))).as("extended").isNotNull();
    assertThat(get(answers.get(2))).as("set back").isNotNull();
    assertThat(answers.get(3).succeeded()).isTrue();
    assertThat(clock.at(0, Duration.ZERO)).as("the reading").isEqualTo(ServerClock.NEVER);
  }
}
