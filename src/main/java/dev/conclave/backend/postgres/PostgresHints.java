package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.support.HintRegistry;
import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.Waiters;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;

/**
 * The second connection, which is used for notifications only. Made when the first waiter or watch
 * appears. On the scheduler's thread only.
 *
 * <ol>
 *   <li>This client's own channel carries notifications: the number of one of its waiters, or
 *       {@code +} and the number of the next waiter, when the waiter before it received an offer.
 *   <li>The client of that next waiter watches the offer, so that it does not outlive its time.
 *   <li>No waiter joins a queue before the first attempt to connect is over. Whenever the
 *       connection is made later, notifications may have been lost: every waiter is notified once.
 * </ol>
 */
final class PostgresHints {
  private final Scheduler scheduler;
  private final String channel;
  private final String watchChannel;
  private final Waiters waiters;
  private final Offers offers;
  private final HintRegistry registry;
  private final PostgresConnector connector;
  private Future<Void> first;
  private boolean tried;

  /**
   * Not connected yet.
   *
   * @param client this client's id
   * @param watchChannel where changes of watched records are announced
   */
  PostgresHints(
      Vertx vertx,
      Scheduler scheduler,
      PostgresConfig config,
      String client,
      String watchChannel,
      Waiters waiters,
      Offers offers,
      HintRegistry registry) {
    this.scheduler = scheduler;
    this.channel = Statements.CHANNEL + client;
    this.watchChannel = watchChannel;
    this.waiters = waiters;
    this.offers = offers;
    this.registry = registry;
    this.connector = new PostgresConnector(vertx, scheduler, config, "notifications", this::listen);
  }

  /** Connects unless that was done before; completes when the first attempt is over. */
  Future<Void> start() {
    if (first == null) {
      Promise<Void> done = Promise.promise();
      first = done.future();
      connector
          .probe()
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
                      waiters.wakeAll();
                    }
                    registry.allChanged();
                  });
              return null;
            });
  }

  private void notified(PgNotification notification) {
    String payload = notification.getPayload();
    if (notification.getChannel().equals(watchChannel)) {
      registry.changed(payload);
    } else if (payload.startsWith("+")) {
      long next = number(payload.substring(1));
      scheduler.execute(() -> offerMade(next));
    } else {
      waiters.wake(number(payload));
    }
  }

  /**
   * Any client that may connect can send a notification. A text that is not a number becomes 0, the
   * number of no waiter.
   */
  private static long number(String payload) {
    try {
      return Long.parseLong(payload);
    } catch (NumberFormatException noise) {
      return 0;
    }
  }

  /** The waiter before this one received an offer. */
  void offerMade(long next) {
    LeaseKey key = waiters.keyOf(next);
    if (key != null) {
      offers.made(key);
    }
  }

  /** Checks the connection if a waiter or a watch depends on it. */
  void check() {
    if (!waiters.isEmpty() || !registry.isEmpty()) {
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
