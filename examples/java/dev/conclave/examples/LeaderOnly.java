package dev.conclave.examples;

import dev.conclave.LeaderElectionVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** A verticle that is deployed on the leader only, and undeployed when it stops leading. */
public final class LeaderOnly {
  private LeaderOnly() {}

  /** Serves the address {@code importer}, on whichever node leads. */
  public static final class Importer extends VerticleBase {
    @Override
    public Future<?> start() {
      return vertx
          .eventBus()
          .consumer("importer", message -> message.reply("imported " + message.body()))
          .completion();
    }
  }

  /** Completes with the importer's reply. */
  public static Future<String> run(Vertx vertx, JsonObject backend) {
    // tag::leader-only[]
    JsonObject config =
        new JsonObject()
            .put("backend", backend)
            .put("requires", "process") // "cluster" in production
            .put("election", "importer")
            .put(
                "deploy",
                new JsonArray()
                    .add(new JsonObject().put("verticle", "java:" + Importer.class.getName())));

    return vertx
        .deployVerticle(new LeaderElectionVerticle(), new DeploymentOptions().setConfig(config))
        // end::leader-only[]
        .compose(deployed -> request(vertx));
  }

  private static Future<String> request(Vertx vertx) {
    return vertx
        .eventBus()
        .<String>request("importer", "42 rows")
        .map(reply -> reply.body())
        .recover(notYet -> vertx.timer(20).compose(later -> request(vertx)));
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
