package dev.conclave.backend;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** One caller's handle on a backend that others use too. */
final class SharedBackend implements SyncBackend {
  private final SyncBackend backend;
  private final Supplier<SyncBackend> giveBack;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SharedBackend(SyncBackend backend, Supplier<SyncBackend> giveBack) {
    this.backend = backend;
    this.giveBack = giveBack;
  }

  /** A backend and the number of its handles. Guarded by the registry's map. */
  static final class Counted {
    private final SyncBackend backend;
    private int handles;

    Counted(SyncBackend backend) {
      this.backend = backend;
    }

    SharedBackend handle(Supplier<SyncBackend> giveBack) {
      handles++;
      return new SharedBackend(backend, giveBack);
    }

    /** The backend when this was its last handle, else null. */
    SyncBackend giveBack() {
      return --handles == 0 ? backend : null;
    }
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
  public Future<Optional<Lease>> find(LeaseKey key) {
    return open(() -> backend.find(key));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return open(() -> backend.owns(key, token));
  }

  @Override
  public Future<LeasePage> list(LeaseKind kind, String prefix, String page, int limit) {
    return open(() -> backend.list(kind, prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return open(() -> backend.revoke(key));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return closed.get() ? () -> {} : backend.watch(key, hint);
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return open(() -> backend.advance(name, mark));
  }

  @Override
  public Future<Void> ping() {
    return open(backend::ping);
  }

  @Override
  public Future<Void> close() {
    if (!closed.compareAndSet(false, true)) {
      return Future.succeededFuture();
    }
    SyncBackend last = giveBack.get();
    return last == null ? Future.succeededFuture() : last.close();
  }
}
