package dev.conclave.backend.redis;

import dev.conclave.backend.support.KeptConnection;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * One kept connection to Redis.
 *
 * <ol>
 *   <li>Only closing a client certainly closes its connections, even those that hang. So a client
 *       makes one connection at a time. It is closed when that connection is not trusted any more,
 *       or when an attempt took too long.
 *   <li>A refused attempt, and a connection that ended by itself, leave nothing open: their client
 *       makes the next connection. Vert.x remembers every client that it has made, and an outage
 *       may last. A client of many servers is closed nevertheless: only one of its connections may
 *       have ended, and its view of the servers may be out of date.
 * </ol>
 */
final class RedisConnector extends KeptConnection<RedisConnection> {

  /** The user of the connection. */
  interface User {
    /** There is a connection. */
    void connected(RedisConnection connection);

    /** There is none any more. */
    void disconnected();

    /** Sends a request that shows whether the server responds. */
    Future<?> check(RedisConnection connection);
  }

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final RedisName name;
  private final IntFunction<RedisOptions> options;
  private final User user;
  private final Map<List<String>, Redis> clients = new HashMap<>();
  private int attempts;
  private List<String> endpoints;
  private boolean manyServers;

  /**
   * No connection yet.
   *
   * @param options of the client of the n-th attempt
   */
  RedisConnector(
      Vertx vertx,
      Scheduler scheduler,
      RedisConfig config,
      IntFunction<RedisOptions> options,
      User user) {
    super(scheduler, config.name().toString(), config.timeout());
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.name = config.name();
    this.options = options;
    this.user = user;
  }

  @Override
  protected Future<RedisConnection> connect() {
    RedisOptions wanted = options.apply(attempts++);
    endpoints = wanted.getEndpoints();
    manyServers = wanted.getType() != RedisClientType.STANDALONE;
    return clients.computeIfAbsent(endpoints, e -> Redis.createClient(vertx, wanted)).connect();
  }

  @Override
  protected void connected(RedisConnection connection) {
    connection.endHandler(
        end -> discardLater(connection, new IOException("the connection was closed")));
    connection.exceptionHandler(broken -> discardLater(connection, broken));
    user.connected(connection);
  }

  private void discardLater(RedisConnection connection, Throwable why) {
    CallerContext.run(scheduler, () -> discard(connection, why));
  }

  /** Discards the connection if this failure of a request means that it cannot be used. */
  void inspect(RedisConnection connection, Throwable failure) {
    if (RedisErrors.isOfTheConnection(failure)) {
      discard(connection, new IOException(failure.getMessage()));
    } else if (RedisErrors.isNotHere(failure.getMessage())) {
      discard(connection, failure);
    }
  }

  @Override
  protected Future<Void> check(RedisConnection connection) {
    return user.check(connection)
        .<Void>mapEmpty()
        .recover(
            failure -> {
              inspect(connection, failure);
              return Future.succeededFuture(); // a refusal shows that the server responds
            });
  }

  @Override
  protected void failed(Throwable why) {
    if (why instanceof NoAnswer) {
      close(clients.remove(endpoints));
    }
  }

  @Override
  protected void discarded(RedisConnection connection, Throwable why) {
    if (manyServers || !(why instanceof IOException)) {
      close(clients.remove(endpoints));
    }
    user.disconnected();
  }

  @Override
  protected void unused(RedisConnection connection) {
    // Its client is closed.
  }

  @Override
  protected Future<Void> closeClient() {
    List<Future<Void>> ends = clients.values().stream().map(RedisConnector::close).toList();
    clients.clear();
    return Future.join(ends).mapEmpty();
  }

  private static Future<Void> close(Redis client) {
    return client == null
        ? Future.succeededFuture()
        : client.close().recover(alreadyClosed -> Future.succeededFuture());
  }

  @Override
  protected String reason(Throwable failure) {
    return name.reason(failure);
  }
}
