package dev.conclave.examples;

import dev.conclave.Conclave;
import dev.conclave.lock.LockHandle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** Blocking code under a lock: on a worker thread, while an event loop renews the lease. */
public final class BlockingWork {
  private BlockingWork() {}

  /** Completes with the result of the blocking code. */
  public static Future<String> run(Vertx vertx, JsonObject config) {
    return Conclave.connect(vertx, config)
        .compose(conclave -> convert(vertx, conclave).eventually(conclave::close));
  }

  private static Future<String> convert(Vertx vertx, Conclave conclave) {
    // tag::blocking[]
    return conclave
        .locks()
        .withLock("video:7", handle -> vertx.executeBlocking(() -> convertVideo(handle)));
    // end::blocking[]
  }

  private static String convertVideo(LockHandle handle) throws InterruptedException {
    for (int frame = 0; frame < 5; frame++) {
      // May be called from any thread, at any time.
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
    JsonObject memory = new JsonObject().put("type", "memory");
    run(vertx, new JsonObject().put("backend", memory).put("requires", "process"))
        .onSuccess(System.out::println)
        .onFailure(Throwable::printStackTrace)
        .onComplete(ended -> vertx.close());
  }
}
