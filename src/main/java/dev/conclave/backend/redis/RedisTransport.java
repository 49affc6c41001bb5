package dev.conclave.backend.redis;

import dev.conclave.backend.support.KeptConnection;
import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.backend.support.Transport;
import dev.conclave.backend.support.Waiters;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Sends each batch over the one connection for commands, as soon as there is one.
 *
 * <ol>
 *   <li>A batch that finds no connection waits for one, at most for the timeout. The first batches
 *       also wait until the subscription to this client's notifications has begun or failed, so
 *       that no waiter misses a notification.
 *   <li>A batch without an answer in time discards the connection, if it was under way for half of
 *       the timeout: a batch that waited for a slot or a connection does not prove that the
 *       connection is broken.
 * </ol>
 */
final class RedisTransport implements Transport<RedisRequest, Response>, RedisConnector.User {
  private final Scheduler scheduler;
  private final Duration timeout;
  private final boolean cluster;
  private final RedisBatch.Context batches;
  private final Supplier<Future<Void>> listening;
  private final RedisConnector connector;
  private final ServerClock clock = new ServerClock();
  private final Set<RedisBatch> underWay = new HashSet<>();
  private RedisConnection connection;
  private Future<Void> decided;

  /**
   * Nothing is sent yet.
   *
   * @param listening completes when the subscription to notifications has begun or failed
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
    this.timeout = config.timeout();
    this.cluster = config.isCluster();
    this.listening = listening;
    this.connector =
        new RedisConnector(vertx, scheduler, config, attempt -> config.options(), this);
    this.batches =
        new RedisBatch.Context(
            scheduler,
            config.name(),
            timeout,
            cluster,
            script,
            waiters,
            offers,
            connector,
            clock,
            this::readClock);
  }

  @Override
  public Future<List<Future<Response>>> send(List<RedisRequest> batch) {
    return connection != null && decided != null && decided.isComplete()
        ? send(connection, batch)
        : sendLater(batch);
  }

  private Future<List<Future<Response>>> sendLater(List<RedisRequest> batch) {
    long until = scheduler.nanoTime() + timeout.toNanos();
    connector.want();
    if (decided == null) {
      decided = listening.get();
    }
    return decided
        .compose(listens -> connector.connection(until))
        .compose(made -> send(made, batch));
  }

  private Future<List<Future<Response>>> send(RedisConnection over, List<RedisRequest> requests) {
    RedisBatch batch = new RedisBatch(batches, over, requests);
    underWay.add(batch);
    return batch.send().onComplete(ended -> underWay.remove(batch));
  }

  RedisConnector connector() {
    return connector;
  }

  @Override
  public void connected(RedisConnection made) {
    connection = made;
    underWay.clear();
    clock.forget();
    readClock();
  }

  @Override
  public void disconnected() {
    connection = null;
    underWay.clear();
  }

  /** Reads the clock, too, so that its drift does not add up. */
  @Override
  public Future<?> check(RedisConnection checked) {
    return cluster ? checked.send(Request.cmd(Command.PING)) : readClock(checked);
  }

  /** The servers of a cluster have different clocks. */
  private void readClock() {
    if (connection != null && !cluster) {
      readClock(connection);
    }
  }

  private Future<Response> readClock(RedisConnection over) {
    long now = scheduler.nanoTime();
    return over.send(Request.cmd(Command.TIME))
        .onSuccess(
            time -> {
              Long micros = LeaseAnswers.time(time);
              if (micros != null && connection == over) {
                clock.shows(micros, now);
              }
            });
  }

  @Override
  public void stalled() {
    long since = scheduler.nanoTime() - timeout.toNanos() / 2;
    if (underWay.stream().anyMatch(batch -> batch.sentAt() - since <= 0)) {
      connector.discard(connection, new KeptConnection.NoAnswer(timeout));
    }
  }
}
