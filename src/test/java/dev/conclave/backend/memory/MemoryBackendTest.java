package dev.conclave.backend.memory;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The memory backend against the specification. */
class MemoryBackendTest extends SyncBackendContract {
  @Override
  protected SyncBackend open(Vertx vertx) {
    return new MemoryBackendFactory().create(vertx, new JsonObject().put("type", "memory"));
  }

  @Override
  protected boolean sharesStore() {
    return false;
  }

  /** Turns are called one after the other: were one called by another, the stack would be full. */
  @Test
  void aLongQueueWhoseWaitersAcquireAndReleaseAtOnceMakesNoDeepStack() {
    LeaseKey key = key();
    String holder = token();
    acquire(key, holder, LONG);
    AtomicInteger served = new AtomicInteger();
    int waiters = 5_000;
    for (int i = 0; i < waiters; i++) {
      String token = token();
      LeaseRequest[] again = new LeaseRequest[1];
      again[0] =
          LeaseRequest.of(key, token, LONG, "waiter")
              .waiting(
                  LONG,
                  () ->
                      backend
                          .acquire(again[0])
                          .compose(granted -> backend.release(key, token))
                          .onSuccess(released -> served.incrementAndGet()));
      assertThat(get(backend.acquire(again[0])).granted()).isFalse();
    }
    assertThat(get(backend.release(key, holder))).isTrue();
    assertThat(served.get()).isEqualTo(waiters);
  }
}
