package dev.conclave.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.memory.Footprint;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.FaultyBackend;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;

/** A lock service on a backend that can be broken, on a clock that the test moves. */
class LockFixture {
  final ManualScheduler time = new ManualScheduler();
  final MemoryBackend memory = new MemoryBackend(time);
  final FaultyBackend backend = new FaultyBackend(memory, time);
  final LocalLockManager service;

  LockFixture() {
    this(new LockServiceOptions());
  }

  LockFixture(LockServiceOptions options) {
    service = new LocalLockManager(null, time, backend, options);
  }

  static LockRequest request(String name) {
    return new LockRequest().setName(name).setOwner("tester");
  }

  static LockRequest request(String name, String token, long wait) {
    return request(name).setToken(token).setWaitTimeout(wait);
  }

  /** A client of another service holds the lock. */
  void heldByStranger(String name, Duration duration) {
    assertThat(
            memory
                .acquire(LeaseRequest.of(LeaseKey.lock(name), "stranger", duration, "a stranger"))
                .result()
                .granted())
        .isTrue();
  }

  void strangerReleases(String name) {
    assertThat(memory.release(LeaseKey.lock(name), "stranger").result()).isTrue();
    time.run();
  }

  boolean held(String name) {
    return memory.find(LeaseKey.lock(name)).result().isPresent();
  }

  void pass(long millis) {
    time.advance(Duration.ofMillis(millis));
  }

  DistributedLock lock(String name, LockOptions options) {
    return lock(service, name, options);
  }

  DistributedLock lock(LockService over, String name, LockOptions options) {
    return new ServiceLock(() -> time, () -> Runnable::run, over, name, options);
  }

  /** Nothing is left when the lock is free and no request waits. */
  void assertNothingLeft() {
    pass(20_000);
    assertThat(service.waiting()).as("waiting").isZero();
    assertThat(service.queues()).as("queues").isZero();
    assertThat(time.pending()).as("timers").isZero();
    assertThat(Footprint.of(memory)).as("records and queue positions").isZero();
  }

  static ServiceException failure(Future<?> future, ErrorCode code) {
    assertThat(future.isComplete()).as("complete").isTrue();
    assertThat(future.failed()).as("failed").isTrue();
    assertThat(ErrorCode.of(future.cause())).as(future.cause().toString()).isEqualTo(code);
    return (ServiceException) future.cause();
  }

  static <T> T done(Future<T> future) {
    assertThat(future.isComplete()).as("complete").isTrue();
    assertThat(future.cause()).isNull();
    return future.result();
  }
}
