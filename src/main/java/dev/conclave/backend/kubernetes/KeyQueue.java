package dev.conclave.backend.kubernetes;

import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Operations on one object go one after the other, in the order they came in; those on different
 * objects do not wait for each other. To be used on one thread.
 */
final class KeyQueue {
  private final Scheduler scheduler;
  private final Map<String, Deque<Runnable>> queues = new HashMap<>();

  KeyQueue(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Runs the operation once those before it are done. */
  <T> Future<T> run(String name, Supplier<Future<T>> operation) {
    Promise<T> answer = Promise.promise();
    Runnable start =
        () ->
            begin(operation)
                .onComplete(
                    done -> {
                      try {
                        answer.handle(done);
                      } finally {
                        next(name); // whatever a listener throws
                      }
                    });
    Deque<Runnable> waiting = queues.get(name);
    if (waiting != null) {
      waiting.add(start);
    } else {
      queues.put(name, new ArrayDeque<>());
      start.run();
    }
    return answer.future();
  }

  private static <T> Future<T> begin(Supplier<Future<T>> operation) {
    try {
      return operation.get();
    } catch (RuntimeException failure) {
      return Future.failedFuture(failure);
    }
  }

  private void next(String name) {
    Runnable next = queues.get(name).poll();
    if (next == null) {
      queues.remove(name);
    } else {
      scheduler.execute(next); // not from here: a long queue would be a deep stack
    }
  }

  /** How many objects have operations under way. */
  int size() {
    return queues.size();
  }
}
