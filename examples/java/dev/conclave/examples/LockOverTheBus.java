package dev.conclave.examples;

import dev.conclave.LockServiceVerticle;
import dev.conclave.lock.LockService;
import dev.conclave.lock.Locks;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** One node reaches the store; every node locks through the service proxy. */
public final class LockOverTheBus {
  private LockOverTheBus() {}

  /** Completes with what was done under the lock. */
  public static Future<String> run(Vertx vertx, JsonObject config) {
    // tag::over-the-bus[]
    Future<String> deployed =
        vertx.deployVerticle(new LockServiceVerticle(), new DeploymentOptions().setConfig(config));

    Locks locks = Locks.over(vertx, LockService.createProxy(vertx));

    return deployed.compose(
        id -> locks.withLock("invoice:4711", handle -> sendInvoice(handle.fencingToken())));
    // end::over-the-bus[]
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
