package dev.conclave.time;

import io.vertx.core.Context;
import io.vertx.core.Vertx;

/** One scheduler per Vert.x context, so that all timers of a context share one deadline queue. */
public final class Schedulers {
  private static final Object KEY = Schedulers.class;

  private Schedulers() {}

  /** The scheduler of the context that this is called from. */
  public static Scheduler current(Vertx vertx) {
    Context context = vertx.getOrCreateContext();
    ContextScheduler scheduler = context.get(KEY);
    if (scheduler == null) {
      scheduler = new ContextScheduler(vertx, context);
      context.put(KEY, scheduler);
    }
    return scheduler;
  }
}
