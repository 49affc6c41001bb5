package dev.conclave.lock;

import static dev.conclave.lock.LockFixture.done;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.testing.ManualScheduler;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Long waits at a service whose clock, and whose caller's, do not run as fast as the store's. */
class DriftTest {
  private static final LeaseKey DOOR = LeaseKey.lock("door");

  /** A clock that runs at another rate than the store's. */
  private record Clock(ManualScheduler store, double rate) implements Scheduler {
    @Override
    public long nanoTime() {
      return (long) (store.nanoTime() * rate);
    }

    @Override
    public Instant now() {
      return store.now();
    }

    @Override
    public void execute(Runnable action) {
      store.execute(action);
    }

    @Override
    public boolean isCurrent() {
      return true;
    }

    @Override
    public Timer schedule(long delay, Runnable action) {
      return store.schedule((long) (delay / rate) + 1, action);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1.01, 0.99, 10000, 2000",
    "1.01, 0.99, 500000, 2000",
    "1.01, 0.99, 60000, 60000",
    "0.99, 1.01, 500000, 2000",
    "1.0005, 0.9995, 300000, 2000",
    "1.0, 0.99, 60000, 2000",
    "1.0, 1.0, 500000, 2000",
  })
  void afterALongWaitTheHandleEndsBeforeTheLease(
      double service, double caller, long wait, long lease) {
    ManualScheduler time = new ManualScheduler();
    MemoryBackend store = new MemoryBackend(time);
    LocalLockManager locks =
        new LocalLockManager(null, new Clock(time, service), store, new LockServiceOptions());
    store.acquire(LeaseRequest.of(DOOR, "stranger", Duration.ofMillis(10 * wait), "a stranger"));
    Future<LockHandle> acquiring =
        new ServiceLock(
                () -> new Clock(time, caller),
                () -> Runnable::run,
                locks,
                "door",
                new LockOptions().setLeaseDuration(lease).setWaitTimeout(600_000))
            .acquire();
    time.advance(Duration.ofMillis(wait));
    store.release(DOOR, "stranger");
    time.run();
    LockHandle handle = done(acquiring);
    assertThat(handle.remaining().toMillis()).as("of the lease").isGreaterThan(lease * 2 / 5);
    while (!anotherHoldsIt(store)) {
      time.advance(Duration.ofMillis(2));
    }
    assertThat(handle.isValid()).as("while another holds the lock").isFalse();
  }

  private static boolean anotherHoldsIt(MemoryBackend store) {
    LeaseRequest request = LeaseRequest.of(DOOR, "another", Duration.ofMinutes(1), "another");
    Acquisition answer = store.acquire(request).result();
    return answer.granted();
  }
}
