package dev.conclave.backend;

import dev.conclave.time.CallerContext;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The verticle that a shared backend lives in.
 *
 * <ol>
 *   <li>When a verticle is undeployed, Vert.x ends its clients and timers. So a backend that
 *       several verticles share must not be made on the context of one of them.
 *   <li>When Vert.x itself is closed, it first ends the clients that belong to no verticle, and
 *       then undeploys the verticles. With such a client the verticles could not release their
 *       leases. So the backend has a verticle of its own, which stays until the others have closed
 *       their handles.
 *   <li>It is deployed from a thread that belongs to no verticle: otherwise it would be a child of
 *       that verticle, and be undeployed with it.
 *   <li>It shares the event loop of the first caller. Otherwise a call and its outcome would change
 *       threads, which takes longer than a round trip to a store nearby. Vert.x assigns event loops
 *       in rotation, so the deployment is repeated until it is on the wanted one.
 * </ol>
 */
final class BackendHost extends VerticleBase {
  /**
   * How many milliseconds it waits at most for verticles to close their handles when Vert.x closes.
   */
  private static final long PATIENCE = 30_000;

  private static final long GRACE = 5;

  /** Several rounds of the event loops, of which Vert.x has two per processor by default. */
  private static final int MOST_TRIES = 8 * Runtime.getRuntime().availableProcessors();

  private static final Throwable ANOTHER_LOOP =
      new IllegalStateException("another event loop is wanted");

  private final Supplier<SyncBackend> factory;
  private final Promise<String> deployed = Promise.promise();
  private final Promise<SyncBackend> opened = Promise.promise();
  private final Promise<Void> idle = Promise.promise();
  private final Promise<Void> gone = Promise.promise();
  private final AtomicInteger verticles = new AtomicInteger();
  private volatile SyncBackend backend;
  private final Promise<Void> end = Promise.promise();
  private volatile boolean leaving;
  private Future<Void> closed;
  private int handles;
  private Thread wanted;
  private int tries;

  BackendHost(Supplier<SyncBackend> factory) {
    this.factory = factory;
    deployed.future().onFailure(opened::tryFail).onSuccess(id -> opened.complete(backend));
  }

  /** Counts a handle. Under the registry's lock. */
  void taken(boolean byVerticle) {
    handles++;
    if (byVerticle) {
      verticles.incrementAndGet();
    }
  }

  /** Counts a closed handle, and returns whether it was the last. Under the registry's lock. */
  boolean released(boolean byVerticle) {
    handles--;
    if (byVerticle && verticles.decrementAndGet() == 0 && end.future().isComplete()) {
      idle.tryComplete();
    }
    return handles == 0;
  }

  void deploy(Vertx vertx) {
    if (Context.isOnEventLoopThread()) {
      wanted = Thread.currentThread();
      tries = MOST_TRIES;
    }
    tryToDeploy(vertx);
  }

  private void tryToDeploy(Vertx vertx) {
    CallerContext.outside(() -> vertx.deployVerticle(this))
        .onComplete(
            outcome -> {
              if (outcome.cause() == ANOTHER_LOOP) {
                tryToDeploy(vertx);
              } else {
                deployed.handle(outcome);
              }
            });
  }

  /**
   * Completes on the caller's context: with the backend once it is made, or with the failure of its
   * factory.
   */
  Future<SyncBackend> opened() {
    return CallerContext.answer(opened.future());
  }

  /** Completes when Vert.x ends, and verticles should close their handles. */
  Future<Void> end() {
    return end.future();
  }

  /** Closes the backend and undeploys this; completes on the caller's context. */
  Future<Void> close() {
    Future<Void> end = CallerContext.answer(gone.future());
    deployed
        .future()
        .onFailure(never -> gone.tryComplete())
        .onSuccess(id -> context.runOnContext(v -> closeBackend().onComplete(c -> leave(id))));
    return end;
  }

  /**
   * Undeploys this after a moment: when Vert.x is closing, it undeploys this too, and reports an
   * error unless it is the first to do so.
   */
  private void leave(String id) {
    vertx.setTimer(
        GRACE,
        timer -> {
          leaving = true;
          vertx.undeploy(id).onComplete(undeployed -> gone.tryComplete());
        });
  }

  private Future<Void> closeBackend() {
    if (closed == null) {
      closed = CallerContext.attempt(backend::close);
    }
    return closed;
  }

  @Override
  public Future<?> start() {
    if (tries > 0 && Thread.currentThread() != wanted) {
      tries--;
      return Future.failedFuture(ANOTHER_LOOP);
    }
    backend = factory.get();
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    end.complete();
    if (verticles.get() == 0) {
      idle.tryComplete();
    }
    long limit = vertx.setTimer(PATIENCE, id -> idle.tryComplete());
    return idle.future()
        .compose(
            free -> {
              vertx.cancelTimer(limit);
              return closeBackend()
                  .onComplete(
                      ended -> {
                        // When Vert.x undeploys this, the timer of leave() never fires.
                        if (!leaving) {
                          gone.tryComplete();
                        }
                      });
            });
  }
}
