package dev.conclave.task;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;

/** What a task does. */
@FunctionalInterface
public interface TaskBody {
  /**
   * Runs on the manager's context and must not block it.
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
              code.run(context);
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
    int feature = Runtime.version().feature();
    if (feature < 21) {
      throw ErrorCode.INVALID.failure(
          "a body on a virtual thread needs Java 21 or later, this is Java " + feature);
    }
    return run -> {
      // The public way to a virtual thread context: a verticle that lives as long as the run.
      VerticleBase verticle =
          new VerticleBase() {
            @Override
            public Future<?> start() throws Exception {
              return Future.succeededFuture(callable(code, run).call());
            }
          };
      DeploymentOptions virtual =
          new DeploymentOptions().setThreadingModel(ThreadingModel.VIRTUAL_THREAD);
      return run.vertx().deployVerticle(verticle, virtual).compose(id -> run.vertx().undeploy(id));
    };
  }

  private static Callable<Void> callable(Blocking code, TaskContext context) {
    return () -> {
      code.run(context);
      return null;
    };
  }
}
