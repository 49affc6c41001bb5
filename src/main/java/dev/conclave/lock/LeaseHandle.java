package dev.conclave.lock;

import dev.conclave.lease.HeldLease;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.Executor;

/** A {@link LockHandle}: a lease that is held through a {@link LockService}. */
final class LeaseHandle implements LockHandle {
  private static final long MILLI = 1_000_000;

  private final LockRequest request;
  private final long fencingToken;
  private final HeldLease lease;

  LeaseHandle(
      Scheduler scheduler,
      Executor caller,
      LockService service,
      LockRequest request,
      LockGrant grant,
      long sentAt,
      LockOptions options,
      boolean renews) {
    this.request = request;
    this.fencingToken = grant.getFencingToken();
    this.lease =
        new HeldLease(
            scheduler,
            caller,
            store(service, request),
            new HeldLease.Terms(
                "lock '" + request.getName() + "'",
                grant.getLeaseDuration() * MILLI,
                options.getMaxHold() * MILLI,
                renews),
            sentAt);
  }

  @Override
  public String name() {
    return request.getName();
  }

  @Override
  public long fencingToken() {
    return fencingToken;
  }

  @Override
  public boolean isValid() {
    return lease.isValid();
  }

  @Override
  public Duration remaining() {
    return lease.remaining();
  }

  @Override
  public LockHandle onLost(Runnable handler) {
    lease.onLost(handler);
    return this;
  }

  @Override
  public Future<Void> extend() {
    return lease.extend();
  }

  @Override
  public Future<Boolean> release() {
    return lease.release();
  }

  /** Why the lock was not held to the end, or null when it was. */
  Throwable lostBecause() {
    return lease.lostBecause();
  }

  private static HeldLease.Store store(LockService service, LockRequest request) {
    return new HeldLease.Store() {
      @Override
      public Future<Void> extend(long millis) {
        return service.extend(request.getName(), request.getToken(), millis);
      }

      @Override
      public Future<Boolean> release() {
        return service.release(request.getName(), request.getToken());
      }
    };
  }
}
