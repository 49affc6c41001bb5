package dev.conclave.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Lock;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A file can import Conclave's lock and the lock of Vert.x. */
@ExtendWith(VertxExtension.class)
class DistributedLockNameTest {

  @Test
  void isUsedNextToTheLockOfVertx(Vertx vertx, VertxTestContext test) {
    ContextScheduler scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    LockManager service =
        LockManager.create(vertx, new MemoryBackend(scheduler), new LockServiceOptions());
    DistributedLock everywhere = DistributedLock.create(vertx, service, "door");
    Future<Lock> here = vertx.sharedData().getLocalLock("door");
    Future.all(everywhere.acquire(), here)
        .onComplete(
            test.succeeding(
                held ->
                    test.verify(
                        () -> {
                          assertThat(held.<LockHandle>resultAt(0).isValid()).isTrue();
                          held.<Lock>resultAt(1).release();
                          test.completeNow();
                        })));
  }
}
