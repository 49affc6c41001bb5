package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Event-loop contexts that belong to no verticle and to no request: Vert.x cancels their timers at
 * no undeployment, and they carry no trace and no locals.
 *
 * <ol>
 *   <li>Such a context is what a thread that is not Vert.x's gets when it asks for one.
 *   <li>Vert.x gives event loops out in turn, one to each new thread. So the context of a wanted
 *       event loop is found by trying, with a new thread for each try, and kept. The others that
 *       are found are kept for those who will want them.
 *   <li>When that takes too long, any event loop will do: calls then change threads.
 * </ol>
 */
final class EventLoops {
  /** Several rounds of the event loops, of which Vert.x has two per processor by default. */
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
    // Not the caller's: it may be that of a verticle which is gone one day.
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
