package dev.conclave.bench.peers;

import io.vertx.core.Future;
import io.vertx.core.shareddata.Lock;

/** Vert.x' own locks: local, or clustered when the Vert.x of the place is. */
public final class VertxLocks implements AsyncLocks {
  private final Place place;

  /** The locks of this Vert.x. */
  public VertxLocks(Place place) {
    this.place = place;
  }

  @Override
  public Future<Lock> acquire(String name, long who) {
    return place.vertx().isClustered()
        ? place.vertx().sharedData().getLockWithTimeout(name, WAIT_MILLIS)
        : place.vertx().sharedData().getLocalLockWithTimeout(name, WAIT_MILLIS);
  }

  @Override
  public Future<Void> release(String name, long who, Object held) {
    ((Lock) held).release();
    return Future.succeededFuture();
  }

  @Override
  public Future<Lock> hold(String name, long who) {
    return acquire(name, who);
  }
}
