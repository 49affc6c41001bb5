package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Watch;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.task.guard.Guard;
import dev.conclave.task.guard.Guard.Hold;
import dev.conclave.task.guard.Guards;
import dev.conclave.task.guard.Leadership;
import dev.conclave.task.guard.TaskKeys;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.testing.FaultyBackend.Op;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Single guards of a run: their state, and the end of a hold. */
class GuardsTest {
  private final ManualScheduler time = new ManualScheduler();
  private final MemoryBackend store = new MemoryBackend(time);
  private final FaultyBackend backend = new FaultyBackend(store, time);

  private Future<Hold> takePause(Guard guard) {
    Future<Hold> taken = guard.take(Instant.EPOCH);
    time.run();
    return taken;
  }

  @Test
  void aPauseIsRememberedWhileTheStoreIsAway() {
    TaskDefinition task =
        TaskRouter.create().every(Duration.ofSeconds(1), "t", run -> Future.succeededFuture());
    Guard pause = task.scheduled(time, backend, "w", null).get(0);
    assertThat(takePause(pause).succeeded()).isTrue();
    store.acquire(
        LeaseRequest.of(TaskKeys.paused("t"), "token", Duration.ofDays(1), "an operator"));
    assertThat(takePause(pause).cause()).isInstanceOf(Guard.Refusal.class);
    backend.on(Op.FIND, FaultyBackend.fail());
    assertThat(takePause(pause).cause()).isInstanceOf(Guard.Refusal.class);
    assertThat(takePause(pause).cause()).isInstanceOf(Guard.Refusal.class);
    backend.heal();
    store.revoke(TaskKeys.paused("t"));
    assertThat(takePause(pause).succeeded()).isTrue();
    backend.on(Op.FIND, FaultyBackend.fail());
    assertThat(takePause(pause).succeeded()).isTrue();
  }

  @Test
  void aLaterTermOfTheSameWorkerIsNotTheSameLeadership() {
    Terms terms = new Terms();
    Hold held = Guards.leadership(terms).take(Instant.EPOCH).result();
    assertThat(held.isValid()).isTrue();
    terms.term = 0;
    assertThat(held.isValid()).isFalse();
    terms.term = 8;
    assertThat(held.isValid()).isFalse();
    assertThat(held.fencingToken()).isEqualTo(7);
  }

  /** Leaderships of one worker by their fencing tokens. */
  private static final class Terms implements Leadership {
    private long term = 7;

    @Override
    public String election() {
      return "orders";
    }

    @Override
    public boolean isLeader() {
      return term > 0;
    }

    @Override
    public long fencingToken() {
      return term;
    }

    @Override
    public Watch onLeadership(Runnable action) {
      return () -> {};
    }

    @Override
    public Watch onLoss(Runnable action) {
      return () -> {};
    }

    @Override
    public void during(Future<Void> run) {
      // No leader steps down in this test.
    }
  }
}
