package dev.conclave.backend.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A connection that is kept: attempts, waiting for one, loss, checks and the end. */
class KeptConnectionTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  /** Connections are texts; each attempt and check waits for the test. */
  private static final class Kept extends KeptConnection<String> {
    private final List<Promise<String>> attempts = new ArrayList<>();
    private final List<Promise<Void>> checks = new ArrayList<>();
    private final List<String> events = new ArrayList<>();

    private Kept(ManualScheduler scheduler) {
      super(scheduler, "the server", TIMEOUT);
    }

    @Override
    protected Future<String> connect() {
      attempts.add(Promise.promise());
      return last().future();
    }

    private Promise<String> last() {
      return attempts.get(attempts.size() - 1);
    }

    @Override
    protected void connected(String connection) {
      events.add("connected " + connection);
    }

    @Override
    protected Future<Void> check(String connection) {
      checks.add(Promise.promise());
      return checks.get(checks.size() - 1).future();
    }

    @Override
    protected void failed(Throwable why) {
      events.add("failed");
    }

    @Override
    protected void discarded(String connection, Throwable why) {
      events.add("discarded " + connection);
    }

    @Override
    protected void unused(String connection) {
      events.add("unused " + connection);
    }

    @Override
    protected Future<Void> closeClient() {
      events.add("closed");
      return Future.succeededFuture();
    }

    @Override
    protected String reason(Throwable failure) {
      return failure.getMessage();
    }
  }

  private final ManualScheduler scheduler = new ManualScheduler();
  private final Kept kept = new Kept(scheduler);

  private Future<String> requested(Duration patience) {
    Future<String> connection = kept.connection(scheduler.nanoTime() + patience.toNanos());
    scheduler.run();
    return connection;
  }

  private void connect(String connection) {
    kept.want();
    scheduler.run();
    kept.last().complete(connection);
    scheduler.run();
    assertThat(kept.current()).isEqualTo(connection);
  }

  @Test
  void nothingHappensUntilAConnectionIsRequested() {
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(kept.attempts).isEmpty();
  }

  @Test
  void requestsWaitForTheAttemptThatSucceeds() {
    Future<String> first = requested(TIMEOUT);
    kept.last().fail("refused");
    scheduler.advance(LONGEST_PAUSE);
    Future<String> second = requested(TIMEOUT);
    assertThat(kept.attempts).hasSize(2);
    assertThat(kept.lastFailure()).hasMessage("refused");
    kept.last().complete("a");
    scheduler.run();
    assertThat(List.of(first.result(), second.result())).containsExactly("a", "a");
    assertThat(kept.lastFailure()).isNull();
  }

  @Test
  void aRequestWaitsNoLongerThanItsOwnDeadline() {
    Future<String> impatient = requested(Duration.ofMillis(1));
    Future<String> patient = requested(Duration.ofHours(1));
    kept.last().fail("refused");
    scheduler.advance(LONGEST_PAUSE);
    kept.last().complete("a");
    scheduler.run();
    assertThat(impatient.cause()).hasMessage("refused");
    assertThat(patient.result()).isEqualTo("a");
    assertThat(kept.connection(scheduler.nanoTime()).failed()).isTrue();
  }

  @Test
  void pausesBetweenAttemptsDoubleUpToASecond() {
    kept.want();
    for (Duration longest = Duration.ofMillis(100); ; longest = longest.multipliedBy(2)) {
      Duration pause = longest.compareTo(LONGEST_PAUSE) < 0 ? longest : LONGEST_PAUSE;
      scheduler.run();
      int before = kept.attempts.size();
      kept.last().fail("refused");
      scheduler.advance(pause.dividedBy(2).minusMillis(1));
      assertThat(kept.attempts).as("half of %s", pause).hasSize(before);
      scheduler.advance(pause.dividedBy(2).plusMillis(1));
      assertThat(kept.attempts).as("after %s", pause).hasSize(before + 1);
      if (longest.compareTo(LONGEST_PAUSE.multipliedBy(4)) > 0) {
        return;
      }
    }
  }

  @Test
  void anAttemptEndsWithTheTimeoutAndItsConnectionIsNotUsed() {
    Future<Void> probe = kept.probe();
    scheduler.run();
    scheduler.advance(TIMEOUT);
    assertThat(probe.cause()).isInstanceOf(KeptConnection.NoAnswer.class);
    kept.attempts.get(0).complete("late");
    scheduler.run();
    assertThat(kept.current()).isNull();
    assertThat(kept.events).containsExactly("failed", "unused late");
  }

  @Test
  void aLostConnectionIsReplacedOnce() {
    connect("a");
    kept.discard("a", new IllegalStateException("broken"));
    kept.discard("a", new IllegalStateException("broken"));
    assertThat(kept.current()).isNull();
    assertThat(kept.lastFailure()).hasMessage("broken");
    scheduler.advance(LONGEST_PAUSE);
    kept.last().complete("b");
    scheduler.run();
    kept.discard("a", new IllegalStateException("broken"));
    assertThat(kept.current()).isEqualTo("b");
    assertThat(kept.events).containsExactly("connected a", "discarded a", "connected b");
  }

  @Test
  void theOtherOfAPairIsChecked() {
    Kept other = new Kept(scheduler);
    other.pairWith(kept);
    connect("a");
    other.want();
    scheduler.run();
    other.last().complete("b");
    scheduler.run();
    other.discard("b", new IllegalStateException("broken"));
    assertThat(kept.checks).hasSize(1);
    scheduler.advance(TIMEOUT);
    assertThat(kept.current()).as("without an answer").isNull();
    assertThat(kept.lastFailure()).hasMessage("no answer within 5000 ms");
  }

  @Test
  void aCheckThatSucceedsChangesNothingAndOneIsUnderWayAtATime() {
    connect("a");
    kept.check();
    kept.check();
    assertThat(kept.checks).hasSize(1);
    kept.checks.get(0).complete();
    scheduler.advance(TIMEOUT);
    assertThat(kept.current()).isEqualTo("a");
    kept.check();
    kept.checks.get(1).fail("read-only");
    scheduler.run();
    assertThat(kept.current()).isNull();
  }

  @Test
  void theEndFailsWhateverWaits() {
    Future<String> waiting = requested(TIMEOUT);
    Future<Void> probe = kept.probe();
    Promise<String> attempt = kept.last();
    kept.close();
    assertThat(waiting.cause()).matches(ErrorCode.CLOSED::is);
    assertThat(probe.cause()).matches(ErrorCode.CLOSED::is);
    assertThat(requested(TIMEOUT).cause()).matches(ErrorCode.CLOSED::is);
    assertThat(kept.probe().cause()).matches(ErrorCode.CLOSED::is);
    attempt.complete("late");
    scheduler.advance(TIMEOUT);
    assertThat(kept.events).containsExactly("closed", "unused late");
    assertThat(kept.attempts).hasSize(1);
  }
}
