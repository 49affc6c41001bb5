package dev.conclave.examples;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;

/**
 * Writes to a PostgreSQL table that refuses a smaller fencing token than that of the last writer. A
 * holder that was paused for longer than its lease, and has not noticed the loss, changes nothing.
 */
public final class FencedWrite {
  // tag::fenced[]
  private static final String TABLE =
      """
      CREATE TABLE IF NOT EXISTS account (
        id text PRIMARY KEY,
        balance bigint NOT NULL,
        lock_fence bigint NOT NULL DEFAULT 0
      )""";

  private static final String WRITE =
      """
      UPDATE account SET balance = $2, lock_fence = $3
      WHERE id = $1 AND lock_fence <= $3""";

  private FencedWrite() {}

  /** Fails when a holder with a greater fencing token has written already. */
  public static Future<Void> write(SqlClient sql, String id, long balance, long fencingToken) {
    return sql.preparedQuery(WRITE)
        .execute(Tuple.of(id, balance, fencingToken))
        .compose(
            result ->
                result.rowCount() == 1
                    ? Future.succeededFuture()
                    : Future.failedFuture("fenced off: a later holder has written"));
  }

  // end::fenced[]

  /** Creates the table and one account. */
  public static Future<Void> prepare(SqlClient sql, String id) {
    return sql.query(TABLE)
        .execute()
        .compose(
            made ->
                sql.preparedQuery("INSERT INTO account VALUES ($1, 0) ON CONFLICT DO NOTHING")
                    .execute(Tuple.of(id)))
        .mapEmpty();
  }
}
