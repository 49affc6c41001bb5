package dev.conclave.examples;

import dev.conclave.LockServiceVerticle;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockService;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** Deploys the lock service and locks through its service proxy. */
public final class WithLock {
  private WithLock() {}

  /** Completes with what was done under the lock. */
  public static Future<String> run(Vertx vertx, JsonObject backend) {
    // tag::with-lock[]
    Future<String> deployed =
        vertx.deployVerticle(
            new LockServiceVerticle(),
            new DeploymentOptions().setConfig(new JsonObject().put("backend", backend)));

    LockService locks = LockService.createProxy(vertx);
    DistributedLock lock =
        DistributedLock.create(
            vertx,
            locks,
            "invoice:4711",
            new LockOptions().setLeaseDuration(30_000).setWaitTimeout(5_000));

    return deployed.compose(
        id ->
            lock.withLock(
                handle -> {
                  // Only one caller in the whole cluster is here. The lease is renewed meanwhile.
                  handle.onLost(() -> System.out.println("lost: stop what you are doing"));
                  return sendInvoice(handle.fencingToken());
                }));
    // end::with-lock[]
  }

  private static Future<String> sendInvoice(long fencingToken) {
    return Future.succeededFuture("invoice sent under fencing token " + fencingToken);
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
