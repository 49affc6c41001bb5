package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;

/**
 * A scheduler on a context that belongs to no verticle.
 *
 * <p>Vert.x ends the timers and clients of a verticle when it is undeployed. A backend is shared by
 * many verticles and must outlive the one that happened to ask for it first, so it needs a context
 * of its own. Vert.x makes one for a thread that is not its own.
 */
public final class DetachedScheduler implements Scheduler {
  private final Future<ContextScheduler> made;
  private volatile ContextScheduler scheduler;

  private DetachedScheduler(Future<ContextScheduler> made) {
    this.made = made;
    made.onSuccess(s -> scheduler = s);
  }

  /** A scheduler to be closed by its owner; to be called from any thread. */
  public static DetachedScheduler create(Vertx vertx) {
    Context current = Vertx.currentContext();
    Promise<ContextScheduler> made = Promise.promise();
    if (current == null || current.deploymentID() == null) {
      made.complete(new ContextScheduler(vertx, vertx.getOrCreateContext()));
    } else {
      Thread maker =
          new Thread(
              () -> made.complete(new ContextScheduler(vertx, vertx.getOrCreateContext())),
              "conclave-context");
      maker.setDaemon(true);
      maker.start();
    }
    return new DetachedScheduler(made.future());
  }

  /** The same future, answering on the context this is called from, if there is one. */
  public <T> Future<T> answerHere(Future<T> future) {
    Context caller = Vertx.currentContext();
    if (caller == null) {
      return future;
    }
    Promise<T> here = Promise.promise();
    future.onComplete(
        result -> {
          if (Vertx.currentContext() == caller) {
            here.handle(result);
          } else {
            caller.runOnContext(v -> here.handle(result));
          }
        });
    return here.future();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void execute(Runnable action) {
    ContextScheduler ready = scheduler;
    if (ready != null) {
      ready.execute(action);
    } else {
      made.onSuccess(s -> s.execute(action));
    }
  }

  @Override
  public Timer schedule(long delay, Runnable action) {
    return scheduler.schedule(delay, action);
  }

  @Override
  public boolean isCurrent() {
    ContextScheduler ready = scheduler;
    return ready != null && ready.isCurrent();
  }

  /** Drops what is scheduled. On this scheduler's thread only. */
  public void close() {
    scheduler.close();
  }
}
