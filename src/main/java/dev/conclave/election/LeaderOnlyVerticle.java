package dev.conclave.election;

import static java.lang.System.Logger.Level.WARNING;

import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

/**
 * The parent of one leader-only verticle: knows when the child has stopped, whoever undeploys it.
 *
 * <ol>
 *   <li>It is the child that gets undeployed, then its parent. So the answer is the child's own.
 *   <li>When Vert.x is closing, it may have begun before: then it refuses, at once, to undeploy the
 *       child once more. But it undeploys parents after their children, so the parent's turn tells.
 * </ol>
 */
final class LeaderOnlyVerticle implements Deployable {
  private static final System.Logger LOG = System.getLogger(LeaderElection.class.getName());

  private final Vertx vertx;
  private final Outside.Child child;
  private final Promise<Void> undeployedByOthers = Promise.promise();
  private volatile String childId;

  LeaderOnlyVerticle(Vertx vertx, Outside.Child child) {
    this.vertx = vertx;
    this.child = child;
  }

  Future<Outside.Deployed> deploy(DeploymentOptions options) {
    return vertx.deployVerticle(this, options).map(id -> () -> undeploy(id));
  }

  private Future<Void> undeploy(String id) {
    return vertx
        .undeploy(childId)
        .transform(
            stopped -> {
              if (stopped.failed() && vertx.deploymentIDs().contains(childId)) {
                return undeployedByOthers.future();
              }
              if (stopped.failed() && !(stopped.cause() instanceof IllegalStateException)) {
                LOG.log(
                    WARNING,
                    "the leader-only verticle " + child.label() + " failed to stop",
                    stopped.cause());
              }
              return vertx.undeploy(id).otherwiseEmpty();
            });
  }

  @Override
  public Future<?> deploy(Context context) {
    return child.deploy().apply(vertx).onSuccess(id -> childId = id);
  }

  @Override
  public Future<?> undeploy(Context context) {
    undeployedByOthers.tryComplete();
    return Future.succeededFuture();
  }
}
