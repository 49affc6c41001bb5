package dev.conclave.chaos.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.ClaimChecks;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.lock.LockHandle;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is logged of a handle, and what the checks say of it. */
class ClaimsTest {
  private static final long MILLI = 1_000_000;
  private static final long LEASE = 1_000 * MILLI;

  @TempDir private Path folder;

  private long now;
  private EventLog log;
  private Claims claims;

  @BeforeEach
  void begin() {
    log = new EventLog("w", folder.resolve("log"));
    claims = new Claims(log, "w", () -> now);
  }

  @AfterEach
  void end() {
    log.close();
  }

  /** A handle that can be made to lie. */
  private final class Handle implements LockHandle {
    private long end = now + LEASE;
    private boolean released;
    private boolean lies;

    @Override
    public String name() {
      return "k";
    }

    @Override
    public long fencingToken() {
      return 7;
    }

    @Override
    public boolean isValid() {
      return lies || !remaining().isZero();
    }

    @Override
    public Duration remaining() {
      return released || now >= end ? Duration.ZERO : Duration.ofNanos(end - now);
    }

    @Override
    public LockHandle onLost(Runnable handler) {
      return this;
    }

    @Override
    public Future<Void> extend() {
      end = now + LEASE;
      return Future.succeededFuture();
    }

    @Override
    public Future<Boolean> release() {
      released = true;
      return Future.succeededFuture(true);
    }
  }

  private Handle hold() {
    Handle handle = new Handle();
    claims.hold("h", "k", handle);
    return handle;
  }

  /** Asks every few milliseconds until then. */
  private void askUntil(long end) {
    for (; now < end; now += 4 * MILLI) {
      claims.ask();
    }
  }

  private History history() {
    return new History(EventLog.read(folder.resolve("log")));
  }

  private List<String> violations() {
    History history = history();
    List<String> all = new ArrayList<>(ClaimChecks.notBeyondTheirEnd(history));
    all.addAll(ClaimChecks.notAgain(history));
    return all;
  }

  private Map<String, List<History.Span>> validFor(long from, long to) {
    return Map.of("k", List.of(new History.Span("h", "w", from, to, 7)));
  }

  @Test
  void aHandleThatExpiresWasValidToItsEnd() {
    hold();
    askUntil(2 * LEASE);
    assertThat(violations()).isEmpty();
    assertThat(history().validity()).isEqualTo(validFor(0, LEASE));
    assertThat(history().of(Event.Type.INVALID)).as("said once").hasSize(1);
    assertThat(history().of(Event.Type.CLAIM)).as("one end").hasSize(1);
  }

  @Test
  void aHandleThatIsRenewedIsValidLonger() {
    Handle handle = hold();
    askUntil(LEASE / 2);
    handle.extend();
    askUntil(3 * LEASE);
    assertThat(violations()).isEmpty();
    assertThat(history().validity()).isEqualTo(validFor(0, LEASE / 2 + LEASE));
  }

  @Test
  void aHandleThatIsReleasedWasValidUntilThen() {
    Handle handle = hold();
    askUntil(LEASE / 2);
    claims.end("h", "released");
    handle.release();
    askUntil(LEASE);
    assertThat(violations()).isEmpty();
    assertThat(history().validity()).isEqualTo(validFor(0, LEASE / 2));
  }

  @Test
  void aHandleThatIsLostWasValidWhenItSaidSoLast() {
    Handle handle = hold();
    askUntil(LEASE / 2);
    handle.end = now;
    askUntil(LEASE);
    claims.end("h", "lost");
    assertThat(violations()).isEmpty();
    assertThat(history().validity()).isEqualTo(validFor(0, LEASE / 2 - 4 * MILLI));
  }

  @Test
  void aHandleThatIsValidAfterItsEndIsFoundAndCountsAsValid() {
    Handle handle = hold();
    handle.lies = true;
    askUntil(LEASE + LEASE / 2);
    assertThat(violations()).isNotEmpty().allMatch(v -> v.contains("valid after the end"));
    assertThat(history().validity().get("k").get(0).to()).isGreaterThan(LEASE + LEASE / 3);
  }

  @Test
  void aHandleThatIsValidAfterItsReleaseIsFound() {
    Handle handle = hold();
    claims.end("h", "released");
    handle.release();
    askUntil(LEASE / 10);
    handle.lies = true;
    askUntil(LEASE / 5);
    assertThat(violations()).isNotEmpty().allMatch(v -> v.contains("valid again"));
  }

  @Test
  void aHandleThatComesBackAfterItsEndIsFound() {
    Handle handle = hold();
    askUntil(LEASE + LEASE / 10);
    handle.extend();
    askUntil(LEASE + LEASE / 5);
    assertThat(violations()).isNotEmpty().allMatch(v -> v.contains("valid again"));
  }

  @Test
  void aHandleIsPolledForSomeTimeAfterItsEndAndNotForever() {
    Handle handle = hold();
    claims.end("h", "released");
    handle.release();
    askUntil(Claims.AFTERWARDS + 10 * MILLI);
    int said = history().events().size();
    handle.lies = true;
    askUntil(2 * Claims.AFTERWARDS);
    assertThat(history().events()).hasSize(said);
  }

  @Test
  void aLossThatIsReportedLongAfterTheReleaseIsIgnored() {
    Handle handle = hold();
    claims.end("h", "released");
    handle.release();
    askUntil(Claims.AFTERWARDS + 10 * MILLI);
    claims.end("h", "lost");
    assertThat(history().of(Event.Type.END)).hasSize(1);
  }
}
