package dev.conclave.backend.postgres;

import dev.conclave.backend.support.KeptConnection;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotice;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import java.io.IOException;
import java.util.function.Function;

/**
 * One kept connection to PostgreSQL.
 *
 * <ol>
 *   <li>Vert.x remembers every client that it has made, so all connections come from one pool that
 *       holds one. Only closing the pool certainly closes a connection that hangs. So the pool is
 *       closed after a missing answer, and when the connection cannot be trusted any more.
 *   <li>A server that cannot be written to is not the right one: an attempt that reaches it has
 *       failed, and a connection to it is discarded. The name may lead to another server next time.
 * </ol>
 */
final class PostgresConnector extends KeptConnection<PgConnection> {
  private static final System.Logger LOG = System.getLogger(PostgresConnector.class.getName());
  private static final String WRITABLE =
      "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),"
          + " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final PostgresConfig config;
  private final Function<PgConnection, Future<Void>> prepare;
  private final ServerClock clock = new ServerClock();
  private Pool pool;

  /**
   * No connection yet.
   *
   * @param purpose what the connection is for, in log messages
   * @param prepare makes a new connection ready
   */
  PostgresConnector(
      Vertx vertx,
      Scheduler scheduler,
      PostgresConfig config,
      String purpose,
      Function<PgConnection, Future<Void>> prepare) {
    super(scheduler, "PostgreSQL at " + config.where() + " (" + purpose + ")", config.timeout());
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.config = config;
    this.prepare = prepare;
  }

  /** The clock of the server, as it was read when the connection was made or checked last. */
  ServerClock clock() {
    return clock;
  }

  @Override
  protected Future<PgConnection> connect() {
    if (pool == null) {
      pool =
          PgBuilder.pool()
              .with(new PoolOptions().setMaxSize(1))
              .connectingTo(config.connect())
              .using(vertx)
              .build();
    }
    return pool.getConnection()
        .map(PgConnection::cast)
        .compose(
            made ->
                check(made.noticeHandler(this::noticed))
                    .compose(writable -> prepare.apply(made))
                    .map(made)
                    .recover(
                        refused -> {
                          made.close();
                          return Future.failedFuture(refused);
                        }));
  }

  /** A server's notice, such as that a table exists, is not a warning of ours. */
  private void noticed(PgNotice notice) {
    LOG.log(
        System.Logger.Level.DEBUG, "PostgreSQL at {0}: {1}", config.where(), notice.getMessage());
  }

  @Override
  protected void connected(PgConnection connection) {
    connection.closeHandler(
        end -> discardLater(connection, new IOException("the connection was closed")));
    // A connection on which the protocol failed carries no more answers.
    connection.exceptionHandler(broken -> discardLater(connection, broken));
  }

  private void discardLater(PgConnection connection, Throwable why) {
    CallerContext.run(scheduler, () -> discard(connection, why));
  }

  /** Discards the connection if this failure of a request means that it cannot be used. */
  void inspect(PgConnection connection, Throwable failure) {
    if (PostgresErrors.isOfTheConnection(failure) || PostgresErrors.isNotHere(failure)) {
      discardLater(connection, failure);
    }
  }

  /** Fails unless this is a server that can be written to. Reads its clock, too. */
  @Override
  protected Future<Void> check(PgConnection connection) {
    long askedAt = scheduler.nanoTime();
    return connection
        .query(WRITABLE)
        .execute()
        .compose(
            rows -> {
              Row row = rows.iterator().next();
              clock.shows(row.getLong(2), askedAt);
              if (Boolean.TRUE.equals(row.getBoolean(0))) {
                return notWritable("the server is a standby, which cannot be written to");
              }
              return "on".equals(row.getString(1))
                  ? notWritable("the server is read-only (default_transaction_read_only is on)")
                  : Future.succeededFuture();
            });
  }

  private static Future<Void> notWritable(String why) {
    return Future.failedFuture(new PostgresErrors.NotWritable(why));
  }

  @Override
  protected void failed(Throwable why) {
    // The pool would hand out a connection that is still open once more.
    if (why instanceof NoAnswer || PostgresErrors.staysConnected(why)) {
      closeClient();
    }
  }

  @Override
  protected void discarded(PgConnection connection, Throwable why) {
    if (!PostgresErrors.endsTheConnection(why)) {
      closeClient();
    }
    connection.closeHandler(null).exceptionHandler(late -> {});
    connection.close();
  }

  @Override
  protected void unused(PgConnection connection) {
    connection.close();
  }

  @Override
  protected Future<Void> closeClient() {
    Pool closing = pool;
    pool = null;
    return closing == null ? Future.succeededFuture() : closing.close().otherwiseEmpty();
  }

  @Override
  protected String reason(Throwable failure) {
    return PostgresErrors.reason(failure);
  }
}
