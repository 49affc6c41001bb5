package dev.conclave.model.scenario;

import dev.conclave.backend.SyncBackend;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.lock.ModelLocks;
import dev.conclave.model.world.ModelBus;
import dev.conclave.model.world.ModelProcess;
import dev.conclave.model.world.Scenario;
import dev.conclave.model.world.Violation.Kind;
import dev.conclave.model.world.World;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * A caller waits for a lock at a service of another process, for much longer than its lease lasts.
 * Then it keeps the lock to the lease's end, while the one who had it before wants it back.
 */
final class LongWaitScenario implements Scenario {
  private static final long LEASE = 2_000;
  private static final long TIMEOUT = 300;

  private final long wait;
  private final boolean forgetsDrift;
  private ModelProcess service;
  private ModelLocks serviceLocks;
  private DistributedLock callers;
  private DistributedLock others;
  private final List<LockHandle> handles = new ArrayList<>();
  private boolean callerServed;
  private boolean otherServedAgain;

  /**
   * @param wait for how long, in milliseconds
   * @param forgetsDrift whether the caller has the bug that it takes the service's clock for its
   *     own
   */
  LongWaitScenario(long wait, boolean forgetsDrift) {
    this.wait = wait;
    this.forgetsDrift = forgetsDrift;
  }

  /** Until all has happened: the wait, the caller's lease, and a bit. */
  long horizon() {
    return wait + 2 * LEASE;
  }

  @Override
  public long calm() {
    return 2 * LEASE;
  }

  private LockOptions options(ModelProcess process, long lease) {
    return new LockOptions()
        .setOwner(process.name)
        .setLeaseDuration(lease)
        .setWaitTimeout(2 * wait);
  }

  @Override
  public void prepare(World world, ModelProcess process, SyncBackend backend) {
    LockServiceOptions timeout = new LockServiceOptions().setBackendTimeout(TIMEOUT);
    if (service == null) {
      service = process;
      serviceLocks = new ModelLocks(process, backend, timeout);
    } else if (callers == null) {
      ModelBus bus = new ModelBus(world, process, service, serviceLocks.service(), forgetsDrift);
      callers = ModelLocks.lock(process, bus, "orders", options(process, LEASE));
    } else {
      ModelLocks own = new ModelLocks(process, backend, timeout);
      others = own.lock("orders", options(process, 2 * wait));
    }
  }

  @Override
  public void begin(World world, ModelProcess process) {
    if (process == world.processes.get(1)) {
      // Behind the other, who is first.
      process.in(100, () -> take(process, callers).onSuccess(handle -> callerServed = true));
    } else if (process == world.processes.get(2)) {
      take(process, others)
          .onSuccess(
              handle ->
                  process.in(
                      wait,
                      () -> {
                        process.expect("release", handle.release(), TIMEOUT);
                        take(process, others).onSuccess(again -> otherServedAgain = true);
                      }));
    }
  }

  private Future<LockHandle> take(ModelProcess process, DistributedLock lock) {
    Future<LockHandle> asked = lock.acquire();
    process.expect("acquire", asked, 2 * wait + TIMEOUT);
    return asked.onSuccess(handles::add);
  }

  @Override
  public void check(World world) {
    if (handles.stream().filter(LockHandle::isValid).count() > 1) {
      world.violated(Kind.TWO_HOLDERS, "the caller and the other hold one lock at one instant");
    }
  }

  @Override
  public void heal(World world, ModelProcess process) {}

  @Override
  public void finish(World world) {
    if (!callerServed || !otherServedAgain) {
      world.violated(Kind.NOT_SERVED, "a client waited in vain");
    }
  }
}
