package dev.conclave.backend.redis;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.backend.support.KeptConnection;
import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.backend.support.Waiters;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Sends each batch over the one connection for commands, as soon as there is one.
 *
 * <ol>
 *   <li>A batch that finds no connection waits for one, at most for the timeout. The very first
 *       batches also wait until this client receives its notifications, or fails to: so no waiter
 *       misses one.
 *   <li>A batch without an answer in time discards the connection, if it was under way for half of
 *       the timeout: one that waited for a slot or a connection proves nothing.
 * </ol>
 */
final class RedisTransport
    implements GroupCommit.Transport<RedisRequest, Response>, RedisConnector.User {
  private final Scheduler scheduler;
  private final RedisConfig config;
  private final RedisBatch.Context batches;
  private final Supplier<Future<Void>> listening;
  private final RedisConnector connector;
  private final ServerClock clock = new ServerClock();
  private final Set<RedisBatch> underWay = new HashSet<>();
  private Future<Void> decided;

  /**
   * Nothing is sent yet.
   *
   * @param listening completes when notifications arrive, or cannot be had
   */
  RedisTransport(
      Vertx vertx,
      Scheduler scheduler,
      RedisConfig config,
      LeaseScript script,
      Waiters waiters,
      Offers offers,
      Supplier<Future<Void>> listening) {
    this.scheduler = scheduler;
    this.config = config;
    this.listening = listening;
    this.connector =
        new RedisConnector(vertx, scheduler, config, attempt -> config.options(), this);
    this.batches =
        new RedisBatch.Context(
            scheduler, config, script, waiters, offers, connector, clock, this::readClock);
  }

  @Override
  public Future<List<Future<Response>>> send(List<RedisRequest> batch) {
    RedisConnection now = decided != null && decided.isComplete() ? connector.current() : null;
    return now != null ? send(now, batch) : sendLater(batch);
  }

  private Future<List<Future<Response>>> sendLater(List<RedisRequest> batch) {
    long until = scheduler.nanoTime() + config.timeout().toNanos();
    connector.want();
    if (decided == null) {
      decided = listening.get();
    }
    return decided
        .compose(listens -> connector.connection(until))
        .compose(connection -> send(connection, batch));
  }

  private Future<List<Future<Response>>> send(
      RedisConnection connection, List<RedisRequest> requests) {
    RedisBatch batch = new RedisBatch(batches, connection, requests);
    underWay.add(batch);
    return batch.send().onComplete(ended -> underWay.remove(batch));
  }

  RedisConnector connector() {
    return connector;
  }

  @Override
  public void connected(RedisConnection connection) {
    underWay.clear();
    clock.forget();
    readClock();
  }

  @Override
  public void disconnected() {
    underWay.clear();
  }

  /** Reads the clock, too, so that its drift does not add up. */
  @Override
  public Future<?> check(RedisConnection connection) {
    return config.isCluster() ? connection.send(Request.cmd(Command.PING)) : readClock(connection);
  }

  /** The servers of a cluster have different clocks. */
  private void readClock() {
    RedisConnection connection = connector.current();
    if (connection != null && !config.isCluster()) {
      readClock(connection);
    }
  }

  private Future<Response> readClock(RedisConnection connection) {
    long now = scheduler.nanoTime();
    return connection
        .send(Request.cmd(Command.TIME))
        .onSuccess(
            time -> {
              Long micros = LeaseAnswers.time(time);
              if (micros != null && connector.current() == connection) {
                clock.shows(micros, now);
              }
            });
  }

  @Override
  public void stalled() {
    long since = scheduler.nanoTime() - config.timeout().toNanos() / 2;
    if (underWay.stream().anyMatch(batch -> batch.sentAt() - since <= 0)) {
      connector.discard(connector.current(), new KeptConnection.NoAnswer(config.timeout()));
    }
  }
}
