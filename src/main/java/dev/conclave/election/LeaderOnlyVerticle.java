package dev.conclave.election;

import static java.lang.System.Logger.Level.WARNING;

import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

/**
 * The parent of one leader-only verticle. Vert.x undeploys it after its child, whoever asked for
 * that: so it knows when the child has stopped even when Vert.x itself is closing.
 */
final class LeaderOnlyVerticle implements Deployable {
  private static final System.Logger LOG = System.getLogger(LeaderElection.class.getName());

  private final Vertx vertx;
  private final Outside.Child child;
  private final Promise<Void> stopped = Promise.promise();

  LeaderOnlyVerticle(Vertx vertx, Outside.Child child) {
    this.vertx = vertx;
    this.child = child;
  }

  Future<Outside.Deployed> deploy(DeploymentOptions options) {
    return vertx.deployVerticle(this, options).map(id -> () -> undeploy(id));
  }

  private Future<Void> undeploy(String id) {
    vertx
        .undeploy(id)
        .onFailure(
            failure -> {
              // An illegal state says that somebody else is undeploying it already. Any other
              // failure is the child's own; its parent is left to be undeployed.
              if (!(failure instanceof IllegalStateException)) {
                LOG.log(
                    WARNING,
                    "the leader-only verticle " + child.label() + " failed to stop",
                    failure);
                vertx.undeploy(id).onComplete(any -> stopped.tryComplete());
              }
            });
    return stopped.future();
  }

  @Override
  public Future<?> deploy(Context context) {
    return child.deploy().apply(vertx);
  }

  @Override
  public Future<?> undeploy(Context context) {
    stopped.tryComplete();
    return Future.succeededFuture();
  }
}
