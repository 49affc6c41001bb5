package dev.conclave.backend.redis;

import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * One connection that is kept, for ever.
 *
 * <ol>
 *   <li>Nothing happens until somebody wants it.
 *   <li>An attempt that fails, or takes longer than the timeout, is followed by another one after a
 *       pause that doubles from 100 ms to 1 s, less up to half of it at random: whoever has to lead
 *       when the server is back must not find it late.
 *   <li>A connection that ends, or is not trusted any more, is closed and replaced.
 *   <li>Closing a client is what really closes its connections, also those that hang. So a client
 *       has one connection, and is closed with one that is not trusted any more, or with an attempt
 *       that took too long.
 *   <li>An attempt that was refused, and a connection that has ended by itself, leave nothing
 *       behind: their client makes the next one. Vert.x remembers every client that it has made,
 *       and an outage may last. A client of many servers is closed all the same: of several
 *       connections one has ended, and what it knows of the servers may be out of date.
 * </ol>
 *
 * <p>To be used on the scheduler's thread only.
 */
final class RedisConnector {
  private static final System.Logger LOG = System.getLogger(RedisConnector.class.getName());
  private static final Backoff BACKOFF =
      Backoff.jittered(Duration.ofMillis(100), Duration.ofSeconds(1));

  /** Hears of every connection made and lost. */
  interface Listener {
    void connected(RedisConnection connection);

    void disconnected();
  }

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final RedisName name;
  private final Duration timeout;
  private final IntFunction<RedisOptions> options;
  private final Listener listener;

  private int attempts;
  private int failures;
  private volatile Throwable lastFailure;
  private boolean closed;
  private final Map<List<String>, Redis> clients = new HashMap<>();
  private List<String> endpoints;
  private boolean manyServers;
  private RedisConnection connection;
  private Promise<Void> attempt;
  private Scheduler.Timer pause;

  /**
   * @param options what the client of the n-th attempt is made with
   */
  RedisConnector(
      Vertx vertx,
      Scheduler scheduler,
      RedisConfig config,
      IntFunction<RedisOptions> options,
      Listener listener) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.name = config.name();
    this.timeout = config.timeout();
    this.options = options;
    this.listener = listener;
  }

  /** The connection, or null while there is none. */
  RedisConnection connection() {
    return connection;
  }

  /** Why the last attempt to connect has failed, or null when it has not; from any thread. */
  Throwable lastFailure() {
    return lastFailure;
  }

  /** Asks for a connection, unless one is there or on its way. */
  void want() {
    if (!closed && connection == null && attempt == null && pause == null) {
      attempt();
    }
  }

  /** Whether a connection is there, or else how an attempt to make one goes, beginning now. */
  Future<Void> probe() {
    if (connection != null) {
      return Future.succeededFuture();
    }
    if (attempt == null) {
      attempt();
    }
    return attempt.future();
  }

  /** This connection is not trusted any more. Others than the present are ignored. */
  void lost(RedisConnection which) {
    lost(which, true);
  }

  /**
   * This connection has ended by itself; whoever wrote to it may learn so before its own handlers
   * do. Others than the present are ignored.
   */
  void ended(RedisConnection which) {
    lost(which, false);
  }

  private void lost(RedisConnection which, boolean open) {
    if (which == null || connection != which) {
      return;
    }
    connection = null;
    if (open || manyServers) {
      dropClient();
    }
    listener.disconnected();
    if (!closed) {
      LOG.log(System.Logger.Level.INFO, "the connection to {0} was lost; reconnecting", name);
      retry();
    }
  }

  /** Ends the connection and all attempts. */
  Future<Void> close() {
    closed = true;
    connection = null;
    cancelPause();
    if (attempt != null) {
      Promise<Void> ended = attempt;
      attempt = null;
      ended.fail("closed");
    }
    List<Future<Void>> ends = clients.values().stream().map(RedisConnector::close).toList();
    clients.clear();
    return Future.join(ends).mapEmpty();
  }

  private void attempt() {
    cancelPause();
    Promise<Void> mine = Promise.promise();
    attempt = mine;
    // A client belongs to the context it is made on: not to that of whoever asked.
    scheduler.execute(() -> open(mine));
  }

  private void open(Promise<Void> mine) {
    if (attempt != mine) {
      return;
    }
    Future<RedisConnection> opening;
    try {
      RedisOptions wanted = options.apply(attempts++);
      endpoints = wanted.getEndpoints();
      manyServers = wanted.getType() != RedisClientType.STANDALONE;
      opening =
          clients.computeIfAbsent(endpoints, e -> Redis.createClient(vertx, wanted)).connect();
    } catch (RuntimeException refused) {
      opening = Future.failedFuture(refused);
    }
    Scheduler.Timer limit =
        scheduler.schedule(
            timeout.toNanos(),
            () -> {
              if (attempt == mine) {
                dropClient();
                settle(
                    mine,
                    Future.failedFuture("no connection within " + timeout.toMillis() + " ms"));
              }
            });
    opening.onComplete(
        result ->
            CallerContext.run(
                scheduler,
                () -> {
                  limit.cancel();
                  settle(mine, result);
                }));
  }

  private void settle(Promise<Void> mine, AsyncResult<RedisConnection> result) {
    if (attempt != mine) {
      return; // it was given up, and its client is closed
    }
    attempt = null;
    lastFailure = result.cause();
    if (result.failed()) {
      retry();
      if (failures++ == 0) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0}",
            name.unavailable("can not be reached", result.cause()).getMessage());
      }
      mine.fail(result.cause());
      return;
    }
    if (failures > 0) {
      LOG.log(System.Logger.Level.INFO, "{0} can be reached again", name);
    }
    failures = 0;
    RedisConnection made = result.result();
    connection = made;
    made.endHandler(end -> ended(made));
    made.exceptionHandler(broken -> lost(made, !(broken instanceof IOException)));
    listener.connected(made);
    mine.complete();
  }

  private void retry() {
    pause =
        scheduler.schedule(
            BACKOFF.after(failures + 1),
            () -> {
              pause = null;
              want();
            });
  }

  private void cancelPause() {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
  }

  private void dropClient() {
    close(clients.remove(endpoints));
  }

  private static Future<Void> close(Redis client) {
    return client == null
        ? Future.succeededFuture()
        : client.close().recover(alreadyClosed -> Future.succeededFuture());
  }
}
