package dev.conclave.examples;

import dev.conclave.Conclave;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** One caller at a time, in the whole cluster. */
public final class WithLock {
  private WithLock() {}

  /** Completes with what was done under the lock. */
  public static Future<String> run(Vertx vertx, JsonObject config) {
    // tag::with-lock[]
    return Conclave.connect(vertx, config)
        .compose(
            conclave ->
                conclave
                    .locks()
                    .withLock(
                        "invoice:4711",
                        handle -> {
                          // Only one caller in the whole cluster is here.
                          // The lease is renewed until the future completes.
                          handle.onLost(() -> System.out.println("lost: stop what you are doing"));
                          return sendInvoice(handle.fencingToken());
                        })
                    .eventually(conclave::close));
    // end::with-lock[]
  }

  private static Future<String> sendInvoice(long fencingToken) {
    return Future.succeededFuture("invoice sent under fencing token " + fencingToken);
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
