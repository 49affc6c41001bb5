package dev.conclave.backend.redis;

import dev.conclave.backend.Watch;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What this client hears, over one subscriber connection.
 *
 * <ol>
 *   <li>A channel of this client's own brings turns: the number of one of its waiters.
 *   <li>A watched record has a channel of its name. Nobody publishes there unless the record is
 *       marked as watched, so every watch marks it, for {@link #MARK}, again every {@link #BEAT}.
 *   <li>When a subscription begins, also after a reconnect, messages may have been missed: every
 *       turn and every hint it concerns is called once.
 *   <li>With every beat a PING goes out. A connection that has brought nothing since the one before
 *       is dead, whatever TCP says, and is replaced; the one for commands is then suspected too.
 * </ol>
 */
final class RedisHints implements RedisConnector.Listener {
  private static final System.Logger LOG = System.getLogger(RedisHints.class.getName());

  /** How long a record counts as watched. */
  static final Duration MARK = Duration.ofSeconds(45);

  /** How often marks are renewed and the connection is tried. */
  static final Duration BEAT = Duration.ofSeconds(15);

  private final Scheduler scheduler;
  private final RedisName name;
  private final String prefix;
  private final String channel;
  private final RedisWaiters waiters;
  private final Function<String, Future<?>> mark;
  private final Consumer<Boolean> pulse;
  private final Duration beat;
  private final RedisConnector connector;
  private final Map<String, List<Hint>> watches = new HashMap<>();
  private Runnable decision;
  private boolean beating;
  private boolean hearing;
  private boolean heard;

  private static final class Hint {
    private final Runnable action;
    private volatile boolean open = true;

    private Hint(Runnable action) {
      this.action = action;
    }
  }

  /**
   * @param channel this client's own channel
   * @param mark marks a record as watched
   * @param pulse called with every beat; with true when this connection was found dead
   * @param beat how often the connections are tried; {@link #BEAT} but in tests
   */
  RedisHints(
      Vertx vertx,
      Scheduler scheduler,
      RedisConfig config,
      String channel,
      RedisWaiters waiters,
      Function<String, Future<?>> mark,
      Consumer<Boolean> pulse,
      Duration beat) {
    this.scheduler = scheduler;
    this.name = config.name();
    this.prefix = config.prefix();
    this.channel = channel;
    this.waiters = waiters;
    this.mark = mark;
    this.pulse = pulse;
    this.beat = beat;
    this.connector = new RedisConnector(vertx, scheduler, config, config::subscriberOptions, this);
  }

  /**
   * Listens from now on. On the scheduler's thread.
   *
   * @param decided called when this client hears its channel, or could not be made to for once
   */
  void listen(Runnable decided) {
    if (hearing) {
      decided.run();
      return;
    }
    decision = decided;
    connector.probe().onFailure(failure -> decided());
  }

  private void decided() {
    Runnable action = decision;
    decision = null;
    if (action != null) {
      action.run();
    }
  }

  /** Calls the hint when the record changes. From any thread. */
  Watch watch(String record, Runnable action) {
    Hint hint = new Hint(action);
    scheduler.execute(() -> add(record, hint));
    return () -> {
      if (hint.open) {
        hint.open = false;
        scheduler.execute(() -> remove(record, hint));
      }
    };
  }

  Future<Void> close() {
    watches.clear();
    return connector.close();
  }

  @Override
  public void connected(RedisConnection connection) {
    connection.handler(this::message);
    heard = true;
    Request subscribe = Request.cmd(Command.SUBSCRIBE).arg(channel);
    watches.keySet().forEach(subscribe::arg);
    connection.send(subscribe);
    if (!beating) {
      beating = true;
      scheduler.schedule(beat.toNanos(), this::beat);
    }
  }

  @Override
  public void disconnected() {
    hearing = false;
    decided();
  }

  private void add(String record, Hint hint) {
    if (!hint.open) {
      return;
    }
    List<Hint> hints = watches.computeIfAbsent(record, r -> new ArrayList<>());
    hints.add(hint);
    if (connector.connection() == null) {
      connector.want();
    } else if (hints.size() == 1) {
      connector.connection().send(Request.cmd(Command.SUBSCRIBE).arg(record));
    } else {
      subscribed(record);
    }
  }

  private void remove(String record, Hint hint) {
    List<Hint> hints = watches.get(record);
    if (hints != null && hints.remove(hint) && hints.isEmpty()) {
      watches.remove(record);
      if (connector.connection() != null) {
        connector.connection().send(Request.cmd(Command.UNSUBSCRIBE).arg(record));
      }
    }
  }

  private void message(Response message) {
    heard = true;
    if (message != null && message.type() == ResponseType.ERROR) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} refused a subscription, so nobody is woken before a lease expires: {1}; an ACL user"
              + " needs +subscribe, +publish and the channels &{2}:*",
          name,
          name.safe(message.toString()),
          prefix);
      decided();
      return;
    }
    boolean published =
        message != null
            && (message.type() == ResponseType.PUSH || message.type() == ResponseType.MULTI)
            && message.size() > 2;
    if (!published) {
      return; // the answer to a PING
    }
    String subject = message.get(1) == null ? "" : message.get(1).toString();
    switch (String.valueOf(message.get(0))) {
      case "subscribe" -> {
        if (subject.equals(channel)) {
          hearing = true;
          waiters.everybody();
          decided();
        } else {
          subscribed(subject);
        }
      }
      case "message" -> {
        if (subject.equals(channel)) {
          waiters.turn(number(message.get(2)));
        } else {
          call(subject);
        }
      }
      default -> {}
    }
  }

  /** Anybody who may publish can write to a channel: what is no number is nobody's. */
  private static long number(Response payload) {
    try {
      return Long.parseLong(String.valueOf(payload));
    } catch (NumberFormatException noise) {
      return 0;
    }
  }

  /** From the mark on nothing is missed; what was before it is worth a look. */
  private void subscribed(String record) {
    if (watches.containsKey(record)) {
      mark.apply(record).onSuccess(marked -> call(record));
    }
  }

  private void call(String record) {
    for (Hint hint : List.copyOf(watches.getOrDefault(record, List.of()))) {
      if (hint.open) {
        try {
          hint.action.run();
        } catch (Throwable broken) {
          LOG.log(System.Logger.Level.ERROR, "a hint for " + record, broken);
        }
      }
    }
  }

  private void beat() {
    scheduler.schedule(beat.toNanos(), this::beat);
    RedisConnection connection = connector.connection();
    boolean dead = connection != null && !heard;
    pulse.accept(dead);
    if (connection == null) {
      return;
    }
    if (dead) {
      connector.lost(connection);
      return;
    }
    heard = false;
    watches.keySet().forEach(mark::apply);
    // With the older protocol a message may be taken for the answer: then it is a message.
    connection.send(Request.cmd(Command.PING)).onSuccess(this::message);
  }
}
