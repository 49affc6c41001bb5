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
 *
 * <p>Many operations on one object share a read: an operation that was queued before the read was
 * sent uses its result, together with what was written here since. So a holder's renewal does not
 * wait for one round trip per reader.
 */
final class KeyQueue {
  private final Scheduler scheduler;
  private final Map<String, Entry> queues = new HashMap<>();

  /** What is queued for an object, and when the last read of it was sent. */
  private static final class Entry {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean read;
    private long readAt;
  }

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
    Entry entry = queues.get(name);
    if (entry != null) {
      entry.waiting.add(start);
    } else {
      queues.put(name, new Entry());
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
    Runnable next = queues.get(name).waiting.poll();
    if (next == null) {
      queues.remove(name);
    } else {
      scheduler.execute(next); // not from here: a long queue would be a deep stack
    }
  }

  /** A read of this object, which was sent at that time, has succeeded. */
  void read(String name, long sent) {
    Entry entry = queues.get(name);
    if (entry != null) {
      entry.read = true;
      entry.readAt = sent;
    }
  }

  /** Whether the object has been read by a request that was sent after this time. */
  boolean isReadAfter(String name, long time) {
    Entry entry = queues.get(name);
    return entry != null && entry.read && entry.readAt - time > 0;
  }

  /** How many objects have operations under way. */
  int size() {
    return queues.size();
  }
}
