package dev.conclave.task;

import dev.conclave.config.VirtualThreads;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.DetachedDeployment;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** The work of a task. */
@FunctionalInterface
public interface TaskBody {
  /**
   * Runs on the context that the manager was created in, and must not block an event loop.
   *
   * @return completes when the work has ended; an exception counts as its failure, and null as a
   *     success
   */
  Future<?> run(TaskContext context) throws Exception;

  /** Work that may block. */
  @FunctionalInterface
  interface Blocking {
    /** Runs to its end on a thread that may block. */
    void run(TaskContext context) throws Exception;
  }

  /** A body that blocks, on a worker thread of Vert.x. */
  static TaskBody blocking(Blocking code) {
    return context -> context.vertx().executeBlocking(callable(code, context), false);
  }

  /** A body that blocks, on a thread of the executor. */
  static TaskBody on(Executor executor, Blocking code) {
    return context ->
        CallerContext.attempt(
            executor, () -> Future.succeededFuture(callable(code, context).call()));
  }

  /**
   * A body that blocks, on a virtual thread of Vert.x, so that it may {@link Future#await()}.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} on a Java runtime
   *     before 21
   */
  static TaskBody virtualThread(Blocking code) {
    VirtualThreads.require("a body on a virtual thread");
    DeploymentOptions virtual =
        new DeploymentOptions().setThreadingModel(ThreadingModel.VIRTUAL_THREAD);
    return run -> {
      // Deploying a verticle is the public API for a virtual-thread context; it ends with the run.
      VerticleBase verticle =
          new VerticleBase() {
            @Override
            public Future<?> start() throws Exception {
              return Future.succeededFuture(callable(code, run).call());
            }
          };
      return deployOnce(run.vertx(), virtual, own -> run.vertx().deployVerticle(verticle, own));
    };
  }

  /**
   * A body that is a verticle: it is deployed for the run, and its work is done when its start
   * completes. The verticle that runs the manager may be undeployed meanwhile; it waits for the
   * run.
   *
   * @param verticle as {@link Vertx#deployVerticle(String, DeploymentOptions)} takes it
   * @param options its deployment options for each run
   */
  static TaskBody oneShot(String verticle, Function<TaskContext, DeploymentOptions> options) {
    return run ->
        deployOnce(
            run.vertx(), options.apply(run), own -> run.vertx().deployVerticle(verticle, own));
  }

  /**
   * The deployed verticle is not a child of the manager's verticle, whose undeployment may wait for
   * the run.
   */
  private static Future<Void> deployOnce(
      Vertx vertx, DeploymentOptions options, Function<DeploymentOptions, Future<String>> deploy) {
    DeploymentOptions own = new DeploymentOptions(options);
    if (own.getClassLoader() == null) {
      own.setClassLoader(Thread.currentThread().getContextClassLoader());
    }
    return CallerContext.answer(
        DetachedDeployment.of(vertx, own.getClassLoader(), any -> deploy.apply(own))
            .compose(DetachedDeployment::undeploy));
  }

  /** Work that gets its thread after the run's permission has ended does not begin. */
  private static Callable<Void> callable(Blocking code, TaskContext context) {
    return () -> {
      if (!context.isValid()) {
        throw ErrorCode.LOST.failure(
            "the run of task '" + context.task() + "' ended before there was a thread for it");
      }
      code.run(context);
      return null;
    };
  }
}
