package dev.conclave.examples;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** Blocking code under a lock: on a worker thread, while the event loop renews the lease. */
public final class BlockingWork {
  private BlockingWork() {}

  /** Completes with what the blocking code made, without an event bus in between. */
  public static Future<String> run(Vertx vertx, JsonObject backend) {
    return Backends.connect(vertx, backend)
        .compose(
            connected ->
                convert(vertx, connected)
                    // Whoever connects a backend closes it.
                    .eventually(connected::close));
  }

  private static Future<String> convert(Vertx vertx, SyncBackend connected) {
    // tag::blocking[]
    LockService locks = LockService.create(vertx, connected, new LockServiceOptions());
    DistributedLock lock = DistributedLock.create(vertx, locks, "video:7");

    return lock.withLock(handle -> vertx.executeBlocking(() -> convertVideo(handle)));
    // end::blocking[]
  }

  private static String convertVideo(LockHandle handle) throws InterruptedException {
    for (int frame = 0; frame < 5; frame++) {
      // From any thread, at any time: is the lock still ours?
      if (!handle.isValid()) {
        throw new IllegalStateException("lost the lock at frame " + frame);
      }
      Thread.sleep(10);
    }
    return "converted on " + Thread.currentThread().getName();
  }

  /** Runs it in this process. */
  public static void main(String[] args) {
    Vertx vertx = Vertx.vertx();
    run(vertx, new JsonObject().put("type", "memory"))
        .onSuccess(System.out::println)
        .onFailure(Throwable::printStackTrace)
        .onComplete(ended -> vertx.close());
  }
}
