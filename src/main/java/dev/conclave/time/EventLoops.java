package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Event-loop contexts that belong to no verticle and to no request: no undeployment cancels their
 * timers, and they carry no trace and no locals.
 *
 * <ol>
 *   <li>Vert.x creates such a context for a thread that is not its own.
 *   <li>Vert.x assigns its event loops round-robin, one to each new thread. So the context of a
 *       wanted event loop is searched for, with a new thread for each try. The contexts that are
 *       found are kept for later calls.
 *   <li>After too many tries, any event loop is used: calls then change threads.
 * </ol>
 */
final class EventLoops {
  /** Enough for several rounds: Vert.x has two event loops per processor by default. */
  private static final int MOST_TRIES = 8 * Runtime.getRuntime().availableProcessors();

  private final Vertx vertx;
  private final Map<Thread, Context> known = new ConcurrentHashMap<>();

  EventLoops(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * The context of an event loop, or of any.
   *
   * @param wanted the event loop's thread, or null for any
   */
  Future<Context> context(Thread wanted) {
    Context found =
        wanted == null ? known.values().stream().findAny().orElse(null) : known.get(wanted);
    if (found != null) {
      return Future.succeededFuture(found);
    }
    Promise<Context> promise = Promise.promise();
    search(wanted, MOST_TRIES, promise);
    return promise.future();
  }

  private void search(Thread wanted, int tries, Promise<Context> promise) {
    Thread outside =
        new Thread(
            () -> {
              try {
                Context made = vertx.getOrCreateContext();
                made.runOnContext(v -> found(made, wanted, tries, promise));
              } catch (RuntimeException closed) {
                promise.tryFail(closed);
              }
            },
            "conclave-event-loop-search");
    outside.setDaemon(true);
    // Not the caller's class loader: it may belong to a verticle that is undeployed later.
    outside.setContextClassLoader(EventLoops.class.getClassLoader());
    outside.start();
  }

  private void found(Context made, Thread wanted, int tries, Promise<Context> promise) {
    known.putIfAbsent(Thread.currentThread(), made);
    Context right = wanted == null ? made : known.get(wanted);
    if (right != null) {
      promise.complete(right);
    } else if (tries > 1) {
      search(wanted, tries - 1, promise);
    } else {
      promise.complete(made);
    }
  }
}
