package dev.conclave.examples;

import dev.conclave.LeaderElectionVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

/** Deploys an election and receives on the event bus who leads. */
public final class DeployAndListen {
  private DeployAndListen() {}

  /** Completes with the first event of this worker's leadership; the election continues. */
  public static Future<JsonObject> run(Vertx vertx, JsonObject backend) {
    // tag::listen[]
    JsonObject config =
        new JsonObject()
            .put("backend", backend) // {"type": "redis", "options": {…}}
            .put("requires", "process") // "cluster" in production
            .put("election", "reports")
            .put("worker", "worker-1");

    Future<JsonObject> elected =
        Future.future(
            promise ->
                vertx
                    .eventBus()
                    .<JsonObject>consumer("conclave.leadership.reports")
                    .handler(
                        message -> {
                          JsonObject event = message.body();
                          System.out.printf(
                              "%s: leader is %s, fencing token %d%n",
                              event.getString("reason"),
                              event.getString("leader"),
                              event.getLong("fencingToken"));
                          if (event.getBoolean("leading")) {
                            promise.tryComplete(event);
                          }
                        }));

    return vertx
        .deployVerticle(new LeaderElectionVerticle(), new DeploymentOptions().setConfig(config))
        .compose(deployed -> elected);
    // end::listen[]
  }

  /** Runs it in this process. */
  public static void main(String[] args) {
    Vertx vertx = Vertx.vertx();
    run(vertx, new JsonObject().put("type", "memory"))
        .onFailure(Throwable::printStackTrace)
        .onComplete(ended -> vertx.close());
  }
}
