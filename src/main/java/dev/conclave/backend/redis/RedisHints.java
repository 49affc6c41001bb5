package dev.conclave.backend.redis;

import dev.conclave.backend.Watch;
import dev.conclave.backend.support.HintRegistry;
import dev.conclave.backend.support.Waiters;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * The second connection, which is used for subscriptions only. On the scheduler's thread only.
 *
 * <ol>
 *   <li>This client's own channel carries notifications: the number of one of its waiters.
 *   <li>A watched record has a channel of its name. A change is published there only if the record
 *       is marked as watched, so every watch marks it, for {@link #MARK}, and again with every
 *       beat.
 *   <li>When a subscription begins, also after a reconnect, messages may have been missed: every
 *       waiter and every hint that it concerns is notified once.
 * </ol>
 */
final class RedisHints implements RedisConnector.User {
  private static final System.Logger LOG = System.getLogger(RedisHints.class.getName());

  /** How long a record counts as watched. */
  static final Duration MARK = Duration.ofSeconds(45);

  private final Scheduler scheduler;
  private final RedisName name;
  private final String prefix;
  private final String channel;
  private final Waiters waiters;
  private final Function<String, Future<?>> mark;
  private final RedisConnector connector;
  private final HintRegistry registry = new HintRegistry();
  private final Set<String> subscribed = new HashSet<>();
  private final Promise<Void> decided = Promise.promise();

  /**
   * Not connected yet.
   *
   * @param channel this client's own channel
   * @param mark marks a record as watched
   */
  RedisHints(
      Vertx vertx,
      Scheduler scheduler,
      RedisConfig config,
      String channel,
      Waiters waiters,
      Function<String, Future<?>> mark) {
    this.scheduler = scheduler;
    this.name = config.name();
    this.prefix = config.prefix();
    this.channel = channel;
    this.waiters = waiters;
    this.mark = mark;
    this.connector = new RedisConnector(vertx, scheduler, config, config::subscriberOptions, this);
  }

  /**
   * Connects unless that was done before; completes when this client receives its notifications, or
   * when the first attempt has failed.
   */
  Future<Void> start() {
    if (!decided.future().isComplete()) {
      connector.probe().onFailure(failure -> decided.tryComplete());
    }
    return decided.future();
  }

  /** Runs the hint when the record changes. From any thread. */
  Watch watch(String record, Runnable hint) {
    Watch watch = registry.add(record, hint);
    scheduler.execute(() -> subscribe(record));
    return () -> {
      watch.close();
      scheduler.execute(() -> unsubscribe(record));
    };
  }

  RedisConnector connector() {
    return connector;
  }

  Future<Void> close() {
    registry.clear();
    return connector.close();
  }

  @Override
  public void connected(RedisConnection connection) {
    connection.handler(this::received);
    subscribed.addAll(registry.records());
    Request subscribe = Request.cmd(Command.SUBSCRIBE).arg(channel);
    subscribed.forEach(subscribe::arg);
    connection.send(subscribe);
  }

  @Override
  public void disconnected() {
    subscribed.clear();
    decided.tryComplete();
  }

  /** With the older protocol (RESP2), a message may arrive in place of the answer to the PING. */
  @Override
  public Future<?> check(RedisConnection connection) {
    return connection.send(Request.cmd(Command.PING)).onSuccess(this::received);
  }

  /** Marks the watched records again. */
  void markAll() {
    if (connector.current() != null) {
      registry.records().forEach(mark::apply);
    }
  }

  private void subscribe(String record) {
    RedisConnection connection = connector.current();
    if (!registry.contains(record)) {
      return;
    }
    if (connection == null) {
      connector.want();
    } else if (subscribed.add(record)) {
      connection.send(Request.cmd(Command.SUBSCRIBE).arg(record));
    } else {
      begun(record);
    }
  }

  private void unsubscribe(String record) {
    RedisConnection connection = connector.current();
    if (connection != null && !registry.contains(record) && subscribed.remove(record)) {
      connection.send(Request.cmd(Command.UNSUBSCRIBE).arg(record));
    }
  }

  private void received(Response message) {
    if (message != null && message.type() == ResponseType.ERROR) {
      refused(message);
      return;
    }
    boolean published =
        message != null
            && (message.type() == ResponseType.PUSH || message.type() == ResponseType.MULTI)
            && !message.isMap()
            && message.size() > 2;
    if (!published) {
      return; // the answer to a PING
    }
    String subject = message.get(1) == null ? "" : message.get(1).toString();
    boolean own = subject.equals(channel);
    switch (String.valueOf(message.get(0))) {
      case "subscribe" -> {
        if (own) {
          waiters.wakeAll();
          decided.tryComplete();
        } else {
          begun(subject);
        }
      }
      case "message" -> {
        if (own) {
          waiters.wake(number(message.get(2)));
        } else {
          registry.changed(subject);
        }
      }
      default -> {}
    }
  }

  private void refused(Response error) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0} refused a subscription, so no waiter is notified before a lease expires: {1}; an ACL"
            + " user needs +subscribe, +publish and the channels &{2}:*",
        name,
        name.safe(error.toString()),
        prefix);
    decided.tryComplete();
  }

  /**
   * Any client that may publish can write to this channel. A text that is not a number becomes 0,
   * the number of no waiter.
   */
  private static long number(Response payload) {
    try {
      return Long.parseLong(String.valueOf(payload));
    } catch (NumberFormatException noise) {
      return 0;
    }
  }

  /**
   * Marks a record whose subscription has begun. Later changes are published; one hint stands for
   * all earlier ones.
   */
  private void begun(String record) {
    if (registry.contains(record)) {
      mark.apply(record).onSuccess(marked -> registry.changed(record));
    }
  }
}
