package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a holder does with its fencing token: reads each protected value and writes the next number,
 * again and again until it is stopped. It does not ask whether it still holds: whether a stale
 * holder is kept out is for the protected resource to decide, and for the checks.
 */
final class FencedWork {
  private final Vertx vertx;
  private final EventLog log;
  private final List<Fenced> resources;

  FencedWork(Vertx vertx, EventLog log, List<Fenced> resources) {
    this.vertx = vertx;
    this.log = log;
    this.resources = resources;
  }

  /** Works until the flag is set; the result completes when the last write has been answered. */
  Future<Void> run(String key, String id, long fence, long pause, AtomicBoolean stopped) {
    return Future.all(
            resources.stream()
                .map(resource -> new Writer(resource, key, id, fence, pause, stopped).begin())
                .toList())
        .mapEmpty();
  }

  private final class Writer {
    private final Fenced resource;
    private final String key;
    private final String id;
    private final long fence;
    private final long pause;
    private final AtomicBoolean stopped;
    private final Promise<Void> end = Promise.promise();

    private Writer(
        Fenced resource, String key, String id, long fence, long pause, AtomicBoolean stopped) {
      this.resource = resource;
      this.key = key;
      this.id = id;
      this.fence = fence;
      this.pause = pause;
      this.stopped = stopped;
    }

    private Future<Void> begin() {
      long asked = System.nanoTime();
      resource
          .read(key, fence, id)
          .onFailure(unknown -> end.complete())
          .onSuccess(
              value -> {
                if (value == null) {
                  refused(asked);
                } else {
                  log(Type.RECEIVED, asked, value);
                  write(value + 1);
                }
              });
      return end.future();
    }

    private void write(long value) {
      long asked = System.nanoTime();
      resource
          .write(key, fence, value, id)
          .onFailure(unknown -> end.complete())
          .onSuccess(
              accepted -> {
                if (!accepted) {
                  refused(asked);
                  return;
                }
                log(Type.WROTE, asked, value);
                if (stopped.get()) {
                  end.complete();
                } else {
                  vertx.setTimer(pause, timer -> write(value + 1));
                }
              });
    }

    private void log(Type type, long asked, long value) {
      String what = resource.name() + " " + key;
      log.add(type, what, id, asked, fence, System.nanoTime(), "" + value);
    }

    private void refused(long asked) {
      log.add(Type.REFUSED, key, id, asked, fence, System.nanoTime(), resource.name());
      end.complete();
    }
  }
}
