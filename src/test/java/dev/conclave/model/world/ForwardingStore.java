package dev.conclave.model.world;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/** Asks another store what elections and locks ask; they do without the other operations. */
class ForwardingStore implements SyncBackend {
  final SyncBackend store;

  ForwardingStore(SyncBackend store) {
    this.store = store;
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return store.acquire(request);
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return store.extend(key, token, duration);
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return store.release(key, token);
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return store.leave(key, token);
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return store.find(key);
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return store.watch(key, hint);
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    throw new UnsupportedOperationException("owns");
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    throw new UnsupportedOperationException("list");
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    throw new UnsupportedOperationException("revoke");
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    throw new UnsupportedOperationException("advance");
  }

  @Override
  public Future<Void> ping() {
    throw new UnsupportedOperationException("ping");
  }

  @Override
  public Future<Void> close() {
    throw new UnsupportedOperationException("close");
  }
}
