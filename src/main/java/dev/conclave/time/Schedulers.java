package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The schedulers of a Vert.x instance. They depend on no verticle and on no worker pool:
 *
 * <ol>
 *   <li>Each works on an event-loop context of {@link EventLoops}, which belongs to no verticle and
 *       no request. Code that blocks a worker or a virtual thread delays no timer, and neither does
 *       a full worker pool. An undeployment cancels none.
 *   <li>A caller on an event loop gets a scheduler on that event loop, so that its calls change no
 *       thread. All others share one event loop.
 * </ol>
 */
public final class Schedulers implements Shareable {
  private static final String REGISTRY = "dev.conclave.schedulers";

  private final Vertx vertx;
  private final EventLoops loops;
  private final Map<Object, ContextScheduler> shared = new ConcurrentHashMap<>();

  private Schedulers(Vertx vertx) {
    this.vertx = vertx;
    this.loops = new EventLoops(vertx);
  }

  /** The schedulers of this Vert.x instance. */
  public static Schedulers of(Vertx vertx) {
    LocalMap<String, Schedulers> registry = vertx.sharedData().getLocalMap(REGISTRY);
    Schedulers found = registry.get(REGISTRY);
    return found != null ? found : registry.computeIfAbsent(REGISTRY, n -> new Schedulers(vertx));
  }

  /** A scheduler of its own, to be closed by its owner. */
  public ContextScheduler own() {
    return new ContextScheduler(vertx, loops.context(eventLoop()));
  }

  /** The scheduler that all callers of this event loop share, and with it one deadline queue. */
  public Scheduler shared() {
    Thread loop = eventLoop();
    Object key = loop == null ? REGISTRY : loop;
    ContextScheduler found = shared.get(key);
    return found != null ? found : shared.computeIfAbsent(key, k -> scheduler(loop));
  }

  private ContextScheduler scheduler(Thread loop) {
    Future<Context> context = loops.context(loop);
    return new ContextScheduler(vertx, context);
  }

  /** The event loop of this Vert.x instance that this is called from, or null. */
  private Thread eventLoop() {
    Context caller = Vertx.currentContext();
    boolean here = caller != null && caller.owner() == vertx && Context.isOnEventLoopThread();
    return here ? Thread.currentThread() : null;
  }
}
