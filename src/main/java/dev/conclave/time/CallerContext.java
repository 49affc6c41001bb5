package dev.conclave.time;

import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * Runs a call on the thread it belongs to, and completes its future on the Vert.x context of the
 * caller, duplicated contexts included. Without such a context it completes on any thread.
 */
public final class CallerContext {
  private CallerContext() {}

  /**
   * The same outcome, on the caller's context. What a listener throws is reported as {@link
   * #report} describes, and does not reach the code that completes the future.
   */
  public static <T> Future<T> answer(Future<T> future) {
    if (future.isComplete()) {
      return future;
    }
    Context caller = Vertx.currentContext();
    Promise<T> promise = Promise.promise();
    future.onComplete(outcome -> complete(caller, promise, outcome));
    return promise.future();
  }

  /**
   * Runs the call on the scheduler's thread, at once if the caller runs there, and completes on the
   * caller's context. What the call throws is its failure.
   */
  public static <T> Future<T> call(Scheduler scheduler, Callable<Future<T>> call) {
    if (scheduler.isCurrent()) {
      return answer(attempt(call));
    }
    Context caller = Vertx.currentContext();
    Promise<T> promise = Promise.promise();
    scheduler.execute(
        () -> attempt(call).onComplete(outcome -> complete(caller, promise, outcome)));
    return promise.future();
  }

  /** The same outcome, on the scheduler's thread. */
  public static <T> Future<T> on(Scheduler scheduler, Future<T> future) {
    if (future.isComplete() && scheduler.isCurrent()) {
      return future;
    }
    Promise<T> promise = Promise.promise();
    future.onComplete(outcome -> run(scheduler, () -> promise.handle(outcome)));
    return promise.future();
  }

  /** Runs the action on the scheduler's thread, at once if the caller runs there. */
  public static void run(Scheduler scheduler, Runnable action) {
    if (scheduler.isCurrent()) {
      action.run();
    } else {
      scheduler.execute(action);
    }
  }

  /**
   * Makes the call on a thread that belongs to no verticle: what it deploys has no parent, and
   * stays when the calling verticle is undeployed. Completes on any thread.
   */
  public static <T> Future<T> outside(Supplier<Future<T>> call) {
    Promise<T> promise = Promise.promise();
    CompletableFuture.runAsync(() -> attempt(call::get).onComplete(promise));
    return promise.future();
  }

  /** The call's future; fails with what the call throws, or if the call returns no future. */
  public static <T> Future<T> attempt(Callable<Future<T>> call) {
    try {
      Future<T> future = call.call();
      return future != null
          ? future
          : Future.failedFuture(new NullPointerException("the call returned no future"));
    } catch (Throwable thrown) {
      return Future.failedFuture(thrown);
    }
  }

  /** As {@link #attempt(Callable)}, on this executor; fails when the executor refuses the call. */
  public static <T> Future<T> attempt(Executor where, Callable<Future<T>> call) {
    Promise<T> promise = Promise.promise();
    try {
      where.execute(() -> attempt(call).onComplete(promise));
    } catch (RuntimeException rejected) {
      promise.tryFail(rejected);
    }
    return promise.future();
  }

  /**
   * Runs foreign code, such as a listener or a hint. What it throws does not reach the caller: it
   * is reported as {@link #report} describes.
   */
  public static void guarded(Runnable foreign) {
    try {
      foreign.run();
    } catch (Throwable thrown) {
      report(thrown);
    }
  }

  /**
   * Reports what foreign code has thrown where Vert.x reports it: to the exception handler of the
   * context that this is called from. On a thread without a context, to that thread's handler.
   */
  public static void report(Throwable thrown) {
    Context here = Vertx.currentContext();
    if (here == null) {
      Thread current = Thread.currentThread();
      current.getUncaughtExceptionHandler().uncaughtException(current, thrown);
    } else {
      here.runOnContext(v -> CallerContext.<RuntimeException>rethrow(thrown));
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
    throw (T) thrown;
  }

  private static <T> void complete(Context caller, Promise<T> promise, AsyncResult<T> outcome) {
    if (caller == null || Vertx.currentContext() == caller) {
      guarded(() -> promise.handle(outcome));
    } else {
      runOn(caller, () -> promise.handle(outcome));
    }
  }

  /**
   * Runs the action on the context. A worker context may have lost its threads when its verticle
   * was undeployed: then the action runs here, so that every future completes.
   */
  public static void runOn(Context context, Runnable action) {
    try {
      context.runOnContext(v -> action.run());
    } catch (RejectedExecutionException ended) {
      guarded(action);
    }
  }

  /**
   * Completions for the contexts of several callers. Those for the current context, and those
   * without a context, run at once. Those for each other context run there together.
   */
  public static final class Deliveries {
    private final Context here = Vertx.currentContext();
    private final Map<Context, List<Runnable>> elsewhere = new IdentityHashMap<>(0);

    /** What the delivery throws is reported as {@link #report} describes. */
    public void add(Context context, Runnable delivery) {
      if (context == null || context == here) {
        guarded(delivery);
      } else {
        elsewhere.computeIfAbsent(context, c -> new ArrayList<>()).add(delivery);
      }
    }

    /** Sends those for other contexts. */
    public void leave() {
      elsewhere.forEach(
          (context, deliveries) ->
              context.runOnContext(v -> deliveries.forEach(CallerContext::guarded)));
    }
  }
}
