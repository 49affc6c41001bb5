package dev.conclave.chaos.worker;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Tuple;

/** {@link Fenced} values in a PostgreSQL table, with a log of what was accepted in its order. */
public final class FencedTable implements Fenced {
  public static final String CREATE =
      """
      CREATE TABLE fenced (key text PRIMARY KEY, fence bigint NOT NULL, value bigint NOT NULL);
      CREATE TABLE fenced_log (
        seq bigserial PRIMARY KEY, type text, key text, fence bigint, value bigint, id text);
      """;

  /** The fence is raised by reading too: what was read may be written only by the latest reader. */
  private static final String READ =
      """
      WITH seen AS (
        INSERT INTO fenced VALUES ($1, $2, 0)
        ON CONFLICT (key) DO UPDATE SET fence = EXCLUDED.fence WHERE fenced.fence <= EXCLUDED.fence
        RETURNING key, fence, value)
      INSERT INTO fenced_log (type, key, fence, value, id)
      SELECT 'READ', key, fence, value, $3 FROM seen RETURNING value
      """;

  /** The number in the log is drawn while the row is locked, so it is the order of all. */
  private static final String WRITE =
      """
      WITH written AS (
        UPDATE fenced SET fence = $2, value = $3 WHERE key = $1 AND fence <= $2
        RETURNING key, fence, value)
      INSERT INTO fenced_log (type, key, fence, value, id)
      SELECT 'WRITE', key, fence, value, $4 FROM written
      """;

  private final Pool pool;

  FencedTable(Vertx vertx, String uri) {
    pool =
        PgBuilder.pool()
            .with(new PoolOptions().setMaxSize(2))
            .connectingTo(PgConnectOptions.fromUri(uri))
            .using(vertx)
            .build();
  }

  @Override
  public String name() {
    return "table";
  }

  @Override
  public Future<Long> read(String key, long fence, String id) {
    return pool.preparedQuery(READ)
        .execute(Tuple.of(key, fence, id))
        .map(rows -> rows.size() == 0 ? null : rows.iterator().next().getLong(0));
  }

  @Override
  public Future<Boolean> write(String key, long fence, long value, String id) {
    return pool.preparedQuery(WRITE)
        .execute(Tuple.of(key, fence, value, id))
        .map(rows -> rows.rowCount() == 1);
  }
}
