package dev.conclave.task;

import dev.conclave.config.VirtualThreads;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.DetachedDeployment;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** What a task does. */
@FunctionalInterface
public interface TaskBody {
  /**
   * Runs on the context that the manager was made in, and must not block an event loop.
   *
   * @return completes when the run has ended; what is thrown counts as its failure, and null as a
   *     success
   */
  Future<?> run(TaskContext context) throws Exception;

  /** Code that may block. */
  @FunctionalInterface
  interface Blocking {
    /** Runs to its end on a thread of its own kind. */
    void run(TaskContext context) throws Exception;
  }

  /** A body that blocks, on a worker thread of Vert.x. */
  static TaskBody blocking(Blocking code) {
    return context -> context.vertx().executeBlocking(callable(code, context), false);
  }

  /** A body that blocks, on a thread of the executor. */
  static TaskBody on(Executor executor, Blocking code) {
    return context -> {
      Promise<Void> promise = Promise.promise();
      executor.execute(
          () -> {
            try {
              callable(code, context).call();
              promise.complete();
            } catch (Throwable failure) {
              promise.fail(failure);
            }
          });
      return promise.future();
    };
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
      // The public way to a virtual thread context: a verticle that lives as long as the run.
      VerticleBase verticle =
          new VerticleBase() {
            @Override
            public Future<?> start() throws Exception {
              return Future.succeededFuture(callable(code, run).call());
            }
          };
      return deployOnce(run.vertx(), virtual, told -> run.vertx().deployVerticle(verticle, told));
    };
  }

  /**
   * A body that is a verticle: deployed for the run, it has done its work when its start is
   * complete. Whoever runs the task may be undeployed meanwhile and wait for it.
   *
   * @param verticle as {@link Vertx#deployVerticle(String, DeploymentOptions)} takes it
   * @param options what it is deployed with, for each run
   */
  static TaskBody oneShot(String verticle, Function<TaskContext, DeploymentOptions> options) {
    return run ->
        deployOnce(
            run.vertx(), options.apply(run), told -> run.vertx().deployVerticle(verticle, told));
  }

  /** Deploys it as no child of the manager's verticle, whose end may wait for the run's. */
  private static Future<Void> deployOnce(
      Vertx vertx, DeploymentOptions options, Function<DeploymentOptions, Future<String>> deploy) {
    DeploymentOptions told = new DeploymentOptions(options);
    if (told.getClassLoader() == null) {
      told.setClassLoader(Thread.currentThread().getContextClassLoader());
    }
    return CallerContext.answer(
        DetachedDeployment.of(vertx, told.getClassLoader(), any -> deploy.apply(told))
            .compose(DetachedDeployment::undeploy));
  }

  /** Code that waited for its thread until its run was not permitted any more does not begin. */
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
