package dev.conclave.lock;

import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;

/** A process's lock service and locks as in the product, without randomness. */
public final class ModelLocks {
  private final Scheduler scheduler;
  private final LockService service;

  /** A process's lock service. */
  public ModelLocks(Scheduler scheduler, SyncBackend backend, LockServiceOptions options) {
    this.scheduler = scheduler;
    this.service = new LocalLockManager(null, scheduler, backend, options, () -> 0);
  }

  /** The service. */
  public LockService service() {
    return service;
  }

  /** A lock over this service. */
  public DistributedLock lock(String name, LockOptions options) {
    return lock(scheduler, service, name, options);
  }

  /** A lock over a service that may be in another process. */
  public static DistributedLock lock(
      Scheduler scheduler, LockService service, String name, LockOptions options) {
    return new ServiceLock(() -> scheduler, () -> Runnable::run, service, name, options);
  }
}
