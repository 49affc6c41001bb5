package dev.conclave.bench;

import dev.conclave.bench.peers.AsyncLocks;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

/**
 * Runs a course over asynchronous locks, one cycle at a time.
 *
 * <p>Futures that are complete already are followed in a loop rather than by recursion; now and
 * then the event loop gets a chance to do something else. Where there is a witness, the lock is
 * held for one turn of the event loop, so that others of the same process do meet it.
 */
final class AsyncLoop {
  private static final int TURN = 256;

  private final AsyncLocks locks;
  private final Course course;
  private final Context context;
  private final Tally tally = new Tally();
  private final Promise<Tally> end = Promise.promise();

  private boolean holding;
  private Object held;
  private long cycle;
  private long startedAt;

  AsyncLoop(AsyncLocks locks, Course course, Context context) {
    this.locks = locks;
    this.course = course;
    this.context = context;
  }

  Future<Tally> start() {
    context.runOnContext(v -> run());
    return end.future();
  }

  private void run() {
    for (int i = 0; i < TURN; i++) {
      Future<?> step = next();
      if (step == null) {
        return;
      }
      if (!step.isComplete()) {
        step.onComplete(this::resume);
        return;
      }
      if (!taken(step)) {
        return;
      }
    }
    context.runOnContext(v -> run());
  }

  private void resume(AsyncResult<?> outcome) {
    if (taken(outcome)) {
      run();
    }
  }

  /**
   * Keeps the lock for a turn of the event loop; a contender with threads of its own stays here.
   *
   * @return whether to go on at once
   */
  private boolean stay() {
    if (Vertx.currentContext() == context) {
      course.witness().enter(course.who());
      context.runOnContext(
          v -> {
            course.witness().leave(course.who());
            run();
          });
      return false;
    }
    course.witness().visit(course.who());
    return true;
  }

  private Future<?> next() {
    String name = course.name(cycle);
    if (holding) {
      return locks.release(name, course.who(), held);
    }
    startedAt = System.nanoTime();
    if (startedAt - course.endAt() >= 0 || tally.errors() > 1000) {
      end.complete(tally);
      return null;
    }
    return locks.acquire(name, course.who());
  }

  /** Takes note of an outcome; answers whether to go on at once. */
  private boolean taken(AsyncResult<?> outcome) {
    if (outcome.failed()) {
      tally.failed(outcome.cause());
      holding = false;
      cycle++;
    } else if (!holding) {
      holding = true;
      held = outcome.result();
      if (course.witness() != null) {
        long now = System.nanoTime();
        if (now - course.endAt() < 0) {
          tally.done(now - startedAt);
        }
        return stay();
      }
    } else {
      holding = false;
      held = null;
      cycle++;
      if (course.witness() == null) {
        tally.done(System.nanoTime() - startedAt);
      }
    }
    return true;
  }
}
