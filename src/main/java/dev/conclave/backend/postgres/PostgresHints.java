package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The second connection: it listens, and does nothing else. Made when somebody first waits or
 * watches. On the scheduler's thread only.
 *
 * <ol>
 *   <li>This client's channel carries the number of a waiter whose turn it is, or {@code +} and the
 *       number of the next in line, when somebody else was made an offer.
 *   <li>The next in line sees to it that the offer lapses: one timer per key, at the end of the
 *       latest offer, so that a key that is handed on all the time costs no more than that.
 *   <li>Nobody gets into a line before the first attempt to connect is over. Whenever the
 *       connection is made later, notifications may have been lost: everybody is called once.
 * </ol>
 */
final class PostgresHints {
  /** The offer's own time, and some for the clocks to disagree. */
  private static final long LAPSE = SyncBackend.OFFER.plus(Duration.ofMillis(10)).toNanos();

  private final Scheduler scheduler;
  private final String channel;
  private final String watchChannel;
  private final PostgresWaiters waiters;
  private final Watches watches;
  private final Consumer<LeaseKey> lapse;
  private final PostgresConnector connector;
  private Future<Void> first;
  private boolean tried;
  private final Map<LeaseKey, Long> offersEnd = new HashMap<>();

  PostgresHints(
      Vertx vertx,
      Scheduler scheduler,
      PostgresConfig config,
      String client,
      String watchChannel,
      PostgresWaiters waiters,
      Watches watches,
      Consumer<LeaseKey> lapse) {
    this.scheduler = scheduler;
    this.channel = Statements.CHANNEL + client;
    this.watchChannel = watchChannel;
    this.waiters = waiters;
    this.watches = watches;
    this.lapse = lapse;
    this.connector = new PostgresConnector(vertx, scheduler, config, "notifications", this::listen);
  }

  /** Connects unless that was done before; completes with the outcome of the first attempt. */
  Future<Void> start() {
    if (first == null) {
      Promise<Void> done = Promise.promise();
      first = done.future();
      connector
          .attempt()
          .onComplete(
              attempt -> {
                tried = true;
                done.complete();
              });
    }
    return first;
  }

  private Future<Void> listen(PgConnection connection) {
    connection.notificationHandler(this::notified);
    return connection
        .query("LISTEN \"" + channel + "\"; LISTEN \"" + watchChannel + "\"")
        .execute()
        .map(
            listening -> {
              boolean again = tried;
              scheduler.execute(
                  () -> {
                    if (again) {
                      waiters.callAll();
                    }
                    watches.allChanged();
                  });
              return null;
            });
  }

  private void notified(PgNotification notification) {
    String payload = notification.getPayload();
    if (notification.getChannel().equals(watchChannel)) {
      watches.changed(payload);
    } else if (payload.startsWith("+")) {
      long next = number(payload.substring(1));
      scheduler.execute(() -> offerMade(next));
    } else {
      waiters.call(number(payload));
    }
  }

  /** Anybody who may connect may notify: what is no number is nobody's. */
  private static long number(String payload) {
    try {
      return Long.parseLong(payload);
    } catch (NumberFormatException noise) {
      return 0;
    }
  }

  /** The one before this one in line was made an offer. */
  void offerMade(long next) {
    LeaseKey key = waiters.keyOf(next);
    if (key != null && offersEnd.put(key, scheduler.nanoTime() + LAPSE) == null) {
      scheduler.schedule(LAPSE, () -> offerEnds(key));
    }
  }

  private void offerEnds(LeaseKey key) {
    long left = offersEnd.get(key) - scheduler.nanoTime();
    if (left > 0) {
      scheduler.schedule(left, () -> offerEnds(key));
    } else {
      offersEnd.remove(key);
      lapse.accept(key);
    }
  }

  /** Whether the connection still works, asked if anything depends on it. */
  void check() {
    if (!waiters.isEmpty() || !watches.isEmpty()) {
      connector.check();
    }
  }

  PostgresConnector connector() {
    return connector;
  }

  Future<Void> close() {
    return connector.close();
  }
}
