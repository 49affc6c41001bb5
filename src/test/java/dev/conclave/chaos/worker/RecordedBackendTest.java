package dev.conclave.chaos.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.LeaseOperation;
import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import dev.conclave.testing.ManualScheduler;
import dev.conclave.testing.Planted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of a backend is logged with its answers, and no token with it. */
class RecordedBackendTest {
  private static final Duration LEASE = Duration.ofSeconds(1);

  @TempDir private Path folder;
  private EventLog log;
  private RecordedBackend backend;

  @BeforeEach
  void open() {
    log = new EventLog("w", folder.resolve("w"));
    backend = new RecordedBackend(new MemoryBackend(new ManualScheduler()), log, "w");
  }

  @AfterEach
  void close() {
    log.close();
  }

  private List<LeaseOperation> logged(String key) {
    return new History(EventLog.read(folder.resolve("w")))
        .operations()
        .getOrDefault(key, List.of());
  }

  private void acquire(LeaseKey key, String token) {
    backend.acquire(
        LeaseRequest.of(key, token, LEASE, "owner").waiting(Duration.ofMillis(300), () -> {}));
  }

  @Test
  void everyOperationIsLoggedWithItsAnswer() {
    LeaseKey key = LeaseKey.lock(LockClient.KEYS + "1");
    acquire(key, "a");
    acquire(key, "b");
    backend.extend(key, "a", LEASE);
    backend.owns(key, "a");
    backend.find(key);
    backend.release(key, "b");
    backend.leave(key, "b");
    backend.revoke(key);
    backend.close();
    backend.revoke(key);
    List<LeaseOperation> all = logged(key.name());
    assertThat(all)
        .extracting(LeaseOperation::kind)
        .containsExactly(
            Kind.ACQUIRE,
            Kind.ACQUIRE,
            Kind.EXTEND,
            Kind.OWNS,
            Kind.FIND,
            Kind.RELEASE,
            Kind.LEAVE,
            Kind.REVOKE,
            Kind.REVOKE);
    assertThat(all)
        .extracting(LeaseOperation::outcome)
        .containsExactly(
            Outcome.YES,
            Outcome.NO,
            Outcome.YES,
            Outcome.YES,
            Outcome.YES,
            Outcome.NO,
            Outcome.NO,
            Outcome.YES,
            Outcome.UNKNOWN);
    assertThat(all.get(0).token()).isEqualTo(all.get(2).token()).isNotEqualTo(all.get(1).token());
    assertThat(all.get(0).fence()).isPositive().isEqualTo(all.get(4).fence());
    assertThat(all.get(1).patience()).isEqualTo(300_000_000);
    assertThat(all.get(2).duration()).isEqualTo(LEASE.toNanos());
  }

  @Test
  void electionsAreLoggedAndWhatLeaseClientsLogIsNot() {
    acquire(LeaseKey.leader("election-0"), "a");
    acquire(LeaseKey.lock("lease-1"), "a");
    assertThat(logged("election-0")).hasSize(1);
    assertThat(logged("lease-1")).isEmpty();
  }

  @Test
  void noTokenIsLogged() throws IOException {
    String secret = Planted.secret();
    acquire(LeaseKey.lock(LockClient.KEYS + "1"), secret);
    assertThat(Files.readString(folder.resolve("w"))).contains("ACQUIRE").doesNotContain(secret);
  }
}
