package dev.conclave.backend.kubernetes;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A context that belongs to no verticle. Clients and timers end with the verticle on whose context
 * they were made, but a backend is shared by several and ends with the last.
 */
final class OwnContext {
  private final Queue<Runnable> actions = new ConcurrentLinkedQueue<>();
  private final Future<Context> context;

  OwnContext(Vertx vertx) {
    Promise<Context> made = Promise.promise();
    // Only a thread without a context of its own is given a new one.
    Thread thread =
        new Thread(() -> made.complete(vertx.getOrCreateContext()), "conclave-kubernetes-start");
    thread.setDaemon(true);
    thread.start();
    context = made.future();
  }

  /** Runs the action soon, after those that were handed in before. From any thread. */
  void execute(Runnable action) {
    actions.add(action);
    context.onSuccess(there -> there.runOnContext(v -> actions.remove().run()));
  }

  /** The context; to be asked by what runs on it. */
  Context get() {
    return context.result();
  }
}
