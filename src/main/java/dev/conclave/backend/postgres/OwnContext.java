package dev.conclave.backend.postgres;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletableFuture;

/**
 * An event-loop context for a backend that outlives whoever asked for it first: connections made on
 * a verticle's context are closed with the verticle, but others may share the backend.
 */
final class OwnContext {
  private OwnContext() {}

  static Context of(Vertx vertx) {
    if (Vertx.currentContext() == null) {
      return vertx.getOrCreateContext();
    }
    // Only a thread that is none of Vert.x' gets a context that belongs to no verticle.
    CompletableFuture<Context> made = new CompletableFuture<>();
    new Thread(() -> made.complete(vertx.getOrCreateContext()), "conclave-context").start();
    return made.join();
  }
}
