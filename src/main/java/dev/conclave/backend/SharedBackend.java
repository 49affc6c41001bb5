package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** One caller's handle on a backend that others use too. */
final class SharedBackend implements SyncBackend {
  private final BackendHost host;
  private final Supplier<Future<Void>> release;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
  private volatile SyncBackend backend;

  SharedBackend(BackendHost host, Supplier<Future<Void>> release) {
    this.host = host;
    this.release = release;
  }

  /** Completes when this can be used. */
  Future<Void> opened() {
    return host.opened()
        .map(
            made -> {
              backend = made;
              return null;
            });
  }

  /** Completes when Vert.x ends, and this should be closed soon. */
  Future<Void> end() {
    return host.end();
  }

  private <T> Future<T> open(Supplier<Future<T>> call) {
    return closed.get()
        ? Future.failedFuture(ErrorCode.CLOSED.failure("this handle on the backend is closed"))
        : call.get();
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return open(() -> backend.acquire(request));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return open(() -> backend.extend(key, token, duration));
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return open(() -> backend.release(key, token));
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return open(() -> backend.leave(key, token));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return open(() -> backend.find(key));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return open(() -> backend.owns(key, token));
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return open(() -> backend.list(kind, prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return open(() -> backend.revoke(key));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    if (closed.get()) {
      return () -> {};
    }
    Watch watch = backend.watch(key, hint);
    watches.add(watch);
    return () -> {
      watches.remove(watch);
      watch.close();
    };
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return open(() -> backend.advance(name, mark));
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return open(() -> backend.register(name));
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return open(() -> backend.retreat(name, mark));
  }

  @Override
  public Future<Void> ping() {
    return open(backend::ping);
  }

  @Override
  public String trouble() {
    return closed.get() ? null : backend.trouble();
  }

  @Override
  public Future<Void> close() {
    if (!closed.compareAndSet(false, true)) {
      return Future.succeededFuture();
    }
    watches.forEach(Watch::close);
    watches.clear();
    return release.get();
  }
}
