package dev.conclave.bench.peers;

import dev.conclave.lease.Tokens;
import io.vertx.core.Future;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/**
 * What one would write with nothing but {@code vertx-pg-client}: an upsert and a delete, prepared.
 * No fencing token, no waiting, no clean-up.
 */
public final class BarePostgres implements AsyncLocks {
  /** The table that the bare client and pgbench use. */
  public static final String TABLE =
      """
      CREATE TABLE IF NOT EXISTS bench_bare (
        name  text PRIMARY KEY,
        token text NOT NULL,
        until timestamptz NOT NULL)
      """;

  private static final String ACQUIRE =
      """
      INSERT INTO bench_bare AS held (name, token, until)
      VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET token = EXCLUDED.token, until = EXCLUDED.until
      WHERE held.until <= clock_timestamp()
      """;

  private static final String RELEASE = "DELETE FROM bench_bare WHERE name = $1 AND token = $2";

  private final SqlClient client;
  private final PreparedQuery<RowSet<Row>> acquire;
  private final PreparedQuery<RowSet<Row>> release;
  private final double lease;

  private BarePostgres(SqlClient client, Place place) {
    this.client = client;
    this.acquire = client.preparedQuery(ACQUIRE);
    this.release = client.preparedQuery(RELEASE);
    this.lease = place.leaseMillis();
  }

  /** One connection, over which requests are pipelined. */
  public static Future<Locks> pipelined(Place place) {
    return PgConnection.connect(place.vertx(), options(place).setPipeliningLimit(1024))
        .map(connection -> new BarePostgres(connection, place));
  }

  /** A pool of 16 connections. */
  public static Future<Locks> pool(Place place) {
    return Future.succeededFuture(
        new BarePostgres(
            PgBuilder.pool()
                .with(new PoolOptions().setMaxSize(16))
                .connectingTo(options(place))
                .using(place.vertx())
                .build(),
            place));
  }

  private static PgConnectOptions options(Place place) {
    return PgConnectOptions.fromUri(place.postgres()).setCachePreparedStatements(true);
  }

  @Override
  public Future<String> acquire(String name, long who) {
    String token = Tokens.random();
    return acquire
        .execute(Tuple.of(name, token, lease))
        .compose(
            rows ->
                rows.rowCount() == 1
                    ? Future.succeededFuture(token)
                    : Future.failedFuture("held by another"));
  }

  @Override
  public Future<RowSet<Row>> release(String name, long who, Object held) {
    return release.execute(Tuple.of(name, held));
  }

  @Override
  public void close() {
    client.close();
  }
}
