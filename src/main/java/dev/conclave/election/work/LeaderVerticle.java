package dev.conclave.election.work;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One leader-only verticle through all leaderships of this worker. There are never two instances at
 * once. On the scheduler's thread only.
 */
public final class LeaderVerticle {
  /** Deploys leader-only verticles. */
  public interface Host {
    /** Runs one leader-only verticle. The future may complete on any thread. */
    Future<Deployed> deploy(Child child);
  }

  /**
   * A verticle that is to run on the leader only.
   *
   * @param label names it in messages
   * @param deploy returns the deployment's id
   */
  public record Child(String label, Function<Vertx, Future<String>> deploy) {}

  /** A leader-only verticle that runs. */
  public interface Deployed {
    /** Completes when it has stopped, on any thread; never fails. */
    Future<Void> undeploy();
  }

  private final Child child;
  private final Host host;
  private final Scheduler scheduler;
  private final long stopTimeout;
  private final Consumer<Throwable> onFailure;
  private Future<Void> gone = Future.succeededFuture();
  private Future<Deployed> current;
  private long leadership;

  /**
   * @param onFailure notified when the verticle cannot be deployed
   */
  LeaderVerticle(
      Child child,
      Host host,
      Scheduler scheduler,
      long stopTimeout,
      Consumer<Throwable> onFailure) {
    this.child = child;
    this.host = host;
    this.scheduler = scheduler;
    this.stopTimeout = stopTimeout;
    this.onFailure = onFailure;
  }

  /** Deploys it once the instance of an earlier leadership has stopped. */
  void start() {
    long mine = ++leadership;
    current =
        new Deadline(scheduler, stopTimeout)
            .call("its former instance", () -> gone)
            .recover(
                hangs ->
                    Future.failedFuture(
                        "its former instance has not stopped within the stop timeout"))
            .compose(
                free ->
                    mine == leadership
                        ? CallerContext.on(scheduler, host.deploy(child))
                        : Future.failedFuture("leadership ended before it was deployed"));
    current.onFailure(
        cause -> {
          if (mine == leadership) {
            onFailure.accept(
                ErrorCode.INVALID.failure(
                    "the leader-only verticle "
                        + child.label()
                        + " cannot be deployed: "
                        + cause.getMessage()));
          }
        });
  }

  /** Undeploys it if it runs; completes when no instance is left. Idempotent. */
  Future<Void> stop() {
    if (current != null) {
      Future<Void> before = gone;
      gone =
          current.transform(
              deployed ->
                  deployed.succeeded()
                      ? CallerContext.on(scheduler, deployed.result().undeploy())
                      : before);
      current = null;
      leadership++;
    }
    return gone;
  }
}
