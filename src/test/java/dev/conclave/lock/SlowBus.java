package dev.conclave.lock;

import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** A service behind a bus that is slow both ways, on the clock that the test moves. */
final class SlowBus implements LockService {
  private final ManualScheduler time;
  private final LockService service;
  private final LongSupplier delay;

  /** Whether answers get lost from now on. */
  boolean loseAnswers;

  /** Each way takes as many milliseconds as the supplier returns. */
  SlowBus(ManualScheduler time, LockService service, LongSupplier delay) {
    this.time = time;
    this.service = service;
    this.delay = delay;
  }

  private <T> Future<T> send(Supplier<Future<T>> call) {
    Promise<T> promise = Promise.promise();
    later(
        () ->
            call.get()
                .onComplete(
                    answer -> {
                      if (!loseAnswers) {
                        later(() -> promise.handle(answer));
                      }
                    }));
    return promise.future();
  }

  private void later(Runnable action) {
    time.schedule(Duration.ofMillis(delay.getAsLong()).toNanos(), action);
  }

  @Override
  public Future<LockGrant> acquire(LockRequest request) {
    LockRequest sent = new LockRequest(request.toJson());
    return send(() -> service.acquire(sent)).map(grant -> new LockGrant(grant.toJson()));
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return send(() -> service.extend(name, token, leaseDuration));
  }

  @Override
  public Future<Boolean> release(String name, String token) {
    return send(() -> service.release(name, token));
  }

  @Override
  public Future<Boolean> locked(String name) {
    return send(() -> service.locked(name));
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    return send(() -> service.owned(name, token));
  }

  @Override
  public Future<LockInfo> find(String name) {
    return send(() -> service.find(name));
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    return send(() -> service.list(prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(String name) {
    return send(() -> service.revoke(name));
  }
}
