package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A server whose queue of notifications is full, because a client of another program listens and
 * does not get on: it undoes every statement that would notify.
 */
class PostgresFullQueueTest extends PostgresFixture {
  private static PostgresServer own;
  private Connection stuck;

  @BeforeAll
  static void startServer() {
    own = PostgresServer.start();
    own.administer("postgres", "ALTER SYSTEM SET max_notify_queue_pages = 64");
    own.stop();
    own.restart();
  }

  @AfterAll
  static void stopServer() {
    own.close();
  }

  @Override
  PostgresServer server() {
    return own;
  }

  @BeforeEach
  void aClientThatListensAndIsStuck() throws Exception {
    stuck = own.connect(database);
    Statement statement = stuck.createStatement();
    statement.execute("LISTEN others");
    stuck.setAutoCommit(false);
    statement.execute("SELECT 1");
  }

  @AfterEach
  void goesAway() throws Exception {
    stuck.close();
  }

  private void fillTheQueue() throws Exception {
    try (Connection others = own.connect(database);
        Statement statement = others.createStatement()) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  statement.execute(
                      "SELECT pg_notify('others', '%s' || repeat('x', 7000))"
                          .formatted(UUID.randomUUID()));
                }
              })
          .isInstanceOfSatisfying(
              SQLException.class, full -> assertThat(full.getSQLState()).isEqualTo("54000"));
    }
  }

  @Test
  void aReleaseSucceedsThoughNotificationsAreRefused() throws Exception {
    SyncBackend holding = open();
    SyncBackend waiting = open();
    LeaseKey key = key();
    acquire(holding, key, "mine");
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest next = LeaseRequest.of(key, "next", LONG, "owner");
    get(waiting.acquire(next.waiting(LONG, turns::incrementAndGet)));
    fillTheQueue();
    assertThat(get(holding.release(key, "mine"))).as("released").isTrue();
    assertThat(get(holding.find(key))).as("the lease").isEmpty();
    assertThat(acquire(waiting, key, "next")).isPositive();
  }

  @Test
  void aGrantThatIsWatchedSucceeds() throws Exception {
    SyncBackend backend = open();
    SyncBackend watching = open();
    LeaseKey key = key();
    AtomicInteger hints = new AtomicInteger();
    watching.watch(key, hints::incrementAndGet);
    eventually(
        "changes are announced",
        () ->
            "1"
                .equals(
                    one(
                        "SELECT count(*) FROM conclave_lease WHERE watched_until >"
                            + " clock_timestamp()")));
    fillTheQueue();
    acquire(backend, key, "mine");
    assertThat(get(watching.owns(key, "mine"))).as("the grant is there").isTrue();
    assertThat(get(backend.revoke(key))).as("revoked").isTrue();
    assertThat(get(watching.owns(key, "mine"))).as("the grant is over").isFalse();
  }

  @Test
  void notificationsGoOutAgainWhenTheQueueIsReadAgain() throws Exception {
    SyncBackend holding = open();
    SyncBackend waiting = open();
    fillTheQueue();
    stuck.close();
    // Asking for the usage is also what frees the queue.
    eventually("the queue is empty", () -> "0".equals(one("SELECT pg_notification_queue_usage()")));
    LeaseKey key = key();
    acquire(holding, key, "mine");
    AtomicInteger turns = new AtomicInteger();
    LeaseRequest next = LeaseRequest.of(key, "next", LONG, "owner");
    get(waiting.acquire(next.waiting(Duration.ofMinutes(1), turns::incrementAndGet)));
    assertThat(get(holding.release(key, "mine"))).isTrue();
    eventually("the waiter is notified", () -> turns.get() > 0);
  }
}
