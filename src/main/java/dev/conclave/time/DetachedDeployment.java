package dev.conclave.time;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * A verticle that runs until its owner ends it, even if the owner is a verticle that is undeployed.
 *
 * <ol>
 *   <li>Vert.x undeploys the children of a verticle before it stops the verticle itself, and waits
 *       for them without a bound. So this is the child of another verticle, which does nothing and
 *       is deployed from a thread that belongs to no verticle.
 *   <li>When Vert.x closes, it undeploys all verticles without a parent, these with their children,
 *       and logs an error for each that another caller has undeployed. So nothing is undeployed
 *       here once Vert.x has begun to close: the child has ended when its id is gone.
 *   <li>Before that, the child is undeployed first, then the parent. Vert.x removes a child from
 *       its parent when its undeployment begins. If Vert.x begins to close then, it finds a parent
 *       without children.
 * </ol>
 */
public final class DetachedDeployment {
  /** The pause between two checks whether the child has ended, in nanoseconds. */
  private static final long PAUSE = 5_000_000;

  private final Vertx vertx;
  private final String parent;
  private final String child;

  private DetachedDeployment(Vertx vertx, String parent, String child) {
    this.vertx = vertx;
    this.parent = parent;
    this.child = child;
  }

  /**
   * Makes the call, which deploys a verticle and returns its id.
   *
   * @param classLoader finds a verticle that is deployed by name
   */
  public static Future<DetachedDeployment> of(
      Vertx vertx, ClassLoader classLoader, Function<Vertx, Future<String>> deploy) {
    Parent parent = new Parent();
    DeploymentOptions options = new DeploymentOptions().setClassLoader(classLoader);
    return CallerContext.outside(() -> vertx.deployVerticle(parent, options))
        .compose(
            id ->
                parent
                    .run(deploy)
                    .map(child -> new DetachedDeployment(vertx, id, child))
                    .onFailure(refused -> leave(vertx, id)));
  }

  /**
   * Completes when it is undeployed, here or by another caller; fails with the failure of its stop.
   */
  public Future<Void> undeploy() {
    return end().eventually(() -> leave(vertx, parent));
  }

  /** Whether Vert.x has begun to close: it then deploys nothing and calls no supplier. */
  public static boolean isClosing(Vertx vertx) {
    AtomicBoolean called = new AtomicBoolean();
    vertx.deployVerticle(
        () -> {
          called.set(true);
          return null;
        },
        new DeploymentOptions());
    return !called.get();
  }

  private static Future<Void> leave(Vertx vertx, String parent) {
    return isClosing(vertx) ? Future.succeededFuture() : vertx.undeploy(parent);
  }

  private Future<Void> end() {
    return isClosing(vertx)
        ? gone()
        : vertx
            .undeploy(child)
            .recover(
                failure ->
                    failure instanceof IllegalStateException
                        ? gone() // another caller undeploys it
                        : Future.failedFuture(failure));
  }

  private Future<Void> gone() {
    Scheduler scheduler = Schedulers.of(vertx).shared();
    Promise<Void> gone = Promise.promise();
    scheduler.execute(() -> pollFor(scheduler, gone));
    return gone.future();
  }

  private void pollFor(Scheduler scheduler, Promise<Void> gone) {
    if (vertx.deploymentIDs().contains(child)) {
      scheduler.schedule(PAUSE, () -> pollFor(scheduler, gone));
    } else {
      gone.complete();
    }
  }

  /** Does nothing, and is not waited for while its child starts: Vert.x may close meanwhile. */
  private static final class Parent extends VerticleBase {
    private Future<String> run(Function<Vertx, Future<String>> deploy) {
      Promise<String> deployed = Promise.promise();
      context.runOnContext(
          started -> CallerContext.attempt(() -> deploy.apply(vertx)).onComplete(deployed));
      return deployed.future();
    }
  }
}
