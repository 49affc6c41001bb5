package dev.conclave.bench;

import dev.conclave.bench.peers.BlockingLocks;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Runs a course over blocking locks, on a thread of its own. */
final class BlockingLoop {
  private final BlockingLocks locks;
  private final Course course;
  private final Tally tally = new Tally();

  BlockingLoop(BlockingLocks locks, Course course) {
    this.locks = locks;
    this.course = course;
  }

  Future<Tally> start() {
    Promise<Tally> end = Promise.promise();
    Thread thread =
        new Thread(
            () -> {
              for (long cycle = 0; goesOn(); cycle++) {
                cycle(course.name(cycle));
              }
              end.complete(tally);
            },
            "loop-" + course.who());
    thread.setDaemon(true);
    thread.start();
    return end.future();
  }

  private boolean goesOn() {
    return System.nanoTime() - course.endAt() < 0 && tally.errors() <= 1000;
  }

  private void cycle(String name) {
    try {
      long startedAt = System.nanoTime();
      Object held = locks.acquire(name);
      if (course.witness() != null) {
        long now = System.nanoTime();
        if (now - course.endAt() < 0) {
          tally.done(now - startedAt);
        }
        course.witness().visit(course.who());
      }
      locks.release(name, held);
      if (course.witness() == null) {
        tally.done(System.nanoTime() - startedAt);
      }
    } catch (Exception failed) {
      tally.failed(failed);
    }
  }
}
