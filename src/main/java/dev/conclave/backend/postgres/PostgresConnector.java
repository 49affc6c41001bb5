package dev.conclave.backend.postgres;

import dev.conclave.backend.support.ServerClock;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotice;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Function;

/**
 * One connection that is made again whenever it is lost, for ever. On the scheduler's thread only.
 *
 * <ol>
 *   <li>An attempt connects and prepares the connection; it has the backend's timeout for both. One
 *       that ends later is closed unused.
 *   <li>After a failed attempt the next one follows in 100 ms, doubling up to 1 s, each shortened
 *       at random so that many processes do not come back at the same moment. Whoever has to lead
 *       when the server is back must not find it late.
 *   <li>Vert.x remembers every client that it has made, so all connections come from one pool that
 *       holds one. Only closing the pool really closes a connection that hangs: that is done when
 *       there is no answer, or one that can not be trusted.
 *   <li>A server that cannot be written to is not the right one: an attempt that reaches it has
 *       failed, and a connection to it is lost. The name may lead to another server next time.
 *   <li>Who needs the connection waits for the attempt that succeeds, or until {@link #drop}.
 * </ol>
 */
final class PostgresConnector {
  private static final Logger LOG = System.getLogger(PostgresConnector.class.getName());
  private static final String WRITABLE =
      "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),"
          + " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
  private static final Backoff BACKOFF =
      Backoff.jittered(Duration.ofMillis(100), Duration.ofSeconds(1));

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final PostgresConfig config;
  private final String purpose;
  private final Function<PgConnection, Future<Void>> prepare;

  private final ServerClock clock = new ServerClock();
  private PostgresConnector sibling;
  private PgConnection checking;
  private Pool pool;
  private volatile PgConnection connection;
  private Promise<PgConnection> wanted = Promise.promise();
  private Promise<Void> attempt;
  private Scheduler.Timer retry;
  private int failures;
  private boolean down;
  private volatile Throwable lastFailure;
  private boolean closed;

  PostgresConnector(
      Vertx vertx,
      Scheduler scheduler,
      PostgresConfig config,
      String purpose,
      Function<PgConnection, Future<Void>> prepare) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.config = config;
    this.purpose = purpose;
    this.prepare = prepare;
  }

  /** The connection, as soon as there is one. Fails when dropped or closed meanwhile. */
  Future<PgConnection> connection() {
    if (connection != null) {
      return Future.succeededFuture(connection);
    }
    if (!closed && attempt == null && retry == null) {
      attempt();
    }
    return wanted.future();
  }

  /** The clock of the server, as it was read when the connection was made or checked last. */
  ServerClock clock() {
    return clock;
  }

  /** The connection if it is there now, else null. */
  PgConnection current() {
    return connection;
  }

  /** Why there is no connection, or null when nothing has gone wrong. */
  Throwable lastFailure() {
    return connection == null ? lastFailure : null;
  }

  /** The outcome of the attempt under way, or of one that is made now. */
  Future<Void> attempt() {
    if (closed) {
      return Future.failedFuture(ErrorCode.CLOSED.failure("the backend is closed"));
    }
    if (connection != null) {
      return Future.succeededFuture();
    }
    if (attempt == null) {
      cancelRetry();
      Promise<Void> mine = Promise.promise();
      attempt = mine;
      Scheduler.Timer timer =
          scheduler.schedule(
              config.timeout().toNanos(),
              () -> {
                if (attempt == mine) {
                  failed(mine, new IllegalStateException("no answer in time"));
                  dropPool();
                }
              });
      connect()
          .onComplete(
              result ->
                  CallerContext.run(
                      scheduler,
                      () -> {
                        timer.cancel();
                        if (result.succeeded()) {
                          connected(mine, result.result());
                        } else {
                          failed(mine, result.cause());
                        }
                      }));
      return mine.future();
    }
    return attempt.future();
  }

  private Future<PgConnection> connect() {
    try {
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
                  writable(made.noticeHandler(this::remarked))
                      .compose(writable -> prepare.apply(made))
                      .map(made)
                      .recover(
                          refused -> {
                            made.close();
                            return Future.failedFuture(refused);
                          }));
    } catch (RuntimeException broken) {
      return Future.failedFuture(broken);
    }
  }

  /** Fails unless this is a server that one can write to. Reads its clock, too. */
  Future<Void> writable(PgConnection connection) {
    long askedAt = scheduler.nanoTime();
    return connection
        .query(WRITABLE)
        .execute()
        .compose(
            rows -> {
              Row row = rows.iterator().next();
              clock.shows(row.getLong(2), askedAt);
              if (Boolean.TRUE.equals(row.getBoolean(0))) {
                return Future.failedFuture(
                    new PostgresErrors.NotWritable(
                        "the server is a standby, which cannot be written to"));
              }
              return "on".equals(row.getString(1))
                  ? Future.failedFuture(
                      new PostgresErrors.NotWritable(
                          "the server is read-only (default_transaction_read_only is on)"))
                  : Future.succeededFuture();
            });
  }

  /**
   * Asks the server for a sign of life, and whether one can write to it: a connection that was
   * forgotten on the way would never end by itself, and an idle one meets no refusal.
   */
  void check() {
    PgConnection checked = connection;
    if (checked == null || checking == checked) {
      return;
    }
    checking = checked;
    Scheduler.Timer silence =
        scheduler.schedule(
            config.timeout().toNanos(),
            () -> lost(checked, new IllegalStateException("no answer in time")));
    writable(checked)
        .onComplete(
            answer ->
                CallerContext.run(
                    scheduler,
                    () -> {
                      silence.cancel();
                      if (checking == checked) {
                        checking = null;
                      }
                      if (answer.failed()) {
                        lost(checked, answer.cause());
                      }
                    }));
  }

  /** When one of them is lost, the other one is checked: both go the same way. */
  void pairWith(PostgresConnector other) {
    sibling = other;
    other.sibling = this;
  }

  /** What the server merely remarks, such as that a table exists, is no warning of ours. */
  private void remarked(PgNotice notice) {
    LOG.log(Level.DEBUG, "PostgreSQL at {0}: {1}", config.where(), notice.getMessage());
  }

  private void connected(Promise<Void> mine, PgConnection made) {
    if (attempt != mine) {
      made.close();
      return;
    }
    attempt = null;
    connection = made;
    made.closeHandler(
        v -> CallerContext.run(scheduler, () -> ended(made, "the connection was closed")));
    // A connection on which the protocol failed answers nothing more.
    made.exceptionHandler(broken -> CallerContext.run(scheduler, () -> lost(made, broken)));
    failures = 0;
    lastFailure = null;
    if (down) {
      down = false;
      LOG.log(Level.INFO, "PostgreSQL at {0} is back ({1})", config.where(), purpose);
    }
    Promise<PgConnection> answered = wanted;
    wanted = Promise.promise();
    mine.complete();
    answered.complete(made);
  }

  private void failed(Promise<Void> mine, Throwable failure) {
    if (attempt != mine) {
      return;
    }
    attempt = null;
    lastFailure = failure;
    if (PostgresErrors.staysConnected(failure)) {
      dropPool(); // which would hand out the same connection again
    }
    outage("can not be used", PostgresErrors.reason(failure));
    retryLater();
    mine.fail(failure);
  }

  /** This connection is not to be trusted any more; another is made. */
  void lost(PgConnection gone, Throwable why) {
    if (connection == gone) {
      if (!PostgresErrors.endsTheConnection(why)) {
        dropPool();
      }
      ended(gone, PostgresErrors.reason(why));
    }
  }

  private Future<Void> dropPool() {
    Pool dropped = pool;
    pool = null;
    return dropped == null ? Future.succeededFuture() : dropped.close().otherwiseEmpty();
  }

  private void ended(PgConnection gone, String reason) {
    if (connection != gone) {
      return;
    }
    connection = null;
    gone.closeHandler(null).exceptionHandler(late -> {});
    gone.close();
    if (!closed) {
      lastFailure = new IllegalStateException(reason);
      outage("is lost", reason);
      retryLater();
      if (sibling != null) {
        sibling.check();
      }
    }
  }

  private void outage(String what, String reason) {
    if (!down && !closed) {
      down = true;
      LOG.log(
          Level.WARNING, "PostgreSQL at {0} {1} ({2}): {3}", config.where(), what, purpose, reason);
    }
  }

  private void retryLater() {
    if (!closed && retry == null) {
      retry =
          scheduler.schedule(
              BACKOFF.after(++failures),
              () -> {
                retry = null;
                attempt();
              });
    }
  }

  private void cancelRetry() {
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
  }

  /** Gives up the connection and whoever waits for one; another is made. */
  void drop(String reason) {
    if (connection != null) {
      lost(connection, new IllegalStateException(reason));
    }
    Promise<PgConnection> given = wanted;
    wanted = Promise.promise();
    given.fail(lastFailure == null ? new IllegalStateException(reason) : lastFailure);
  }

  Future<Void> close() {
    closed = true;
    cancelRetry();
    Promise<Void> left = attempt;
    attempt = null;
    RuntimeException over = ErrorCode.CLOSED.failure("the backend is closed");
    if (left != null) {
      left.fail(over);
    }
    wanted.fail(over);
    connection = null;
    return dropPool();
  }
}
