package dev.conclave.model.scenario;

import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.lock.ModelLocks;
import dev.conclave.model.world.ModelProcess;
import dev.conclave.model.world.Scenario;
import dev.conclave.model.world.Violation.Kind;
import dev.conclave.model.world.World;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * All want one lock. The last is in a hurry: it gives up soon, and then comes back. A holder keeps
 * the lock past a renewal and releases it.
 */
final class LockScenario implements Scenario {
  static final long LEASE = 1_000;
  private static final long WAIT = 1_500;
  private static final long SHORT_WAIT = 200;
  private static final long TIMEOUT = 300;
  private static final long HOLD = 400;

  private final class Client {
    private final ModelProcess process;
    private final DistributedLock lock;
    private final DistributedLock hurried;
    private final List<LockHandle> over = new ArrayList<>();
    private LockHandle handle;
    private boolean last;
    private boolean served;

    private Client(ModelProcess process, ModelLocks locks) {
      this.process = process;
      this.lock = locks.lock("orders", options(WAIT));
      this.hurried = locks.lock("orders", options(SHORT_WAIT));
    }

    private LockOptions options(long wait) {
      return new LockOptions()
          .setOwner(process.name)
          .setLeaseDuration(LEASE)
          .setRenew(true)
          .setWaitTimeout(wait);
    }

    private void acquire(World world, DistributedLock from, long wait) {
      Future<LockHandle> asked = from.acquire();
      process.expect("acquire", asked, wait);
      asked.onComplete(outcome -> answered(world, from, outcome));
    }

    private void answered(World world, DistributedLock from, AsyncResult<LockHandle> outcome) {
      if (outcome.succeeded()) {
        world.tell(process + " holds " + outcome.result().fencingToken());
        holds(world, outcome.result());
      } else {
        world.tell(process + " got " + ErrorCode.of(outcome.cause()));
        if (from == hurried) {
          acquire(world, lock, WAIT);
        }
      }
    }

    private void holds(World world, LockHandle granted) {
      if (granted.fencingToken() <= lastFence) {
        world.violated(
            Kind.FENCE_NOT_GREATER,
            process + " holds with " + granted.fencingToken() + " after " + lastFence);
      }
      lastFence = granted.fencingToken();
      handle = granted;
      served |= last;
      granted.onLost(() -> ends(world, granted, "lost"));
      process.in(
          HOLD,
          () -> {
            if (handle == granted) {
              ends(world, granted, "releases");
              process.expect("release", granted.release(), TIMEOUT);
            }
          });
    }

    private void ends(World world, LockHandle ended, String how) {
      world.tell(process + ": " + how + " " + ended.fencingToken());
      handle = null;
      over.add(ended);
    }
  }

  private final List<Client> clients = new ArrayList<>();
  private long lastFence;

  @Override
  public long calm() {
    return 6 * LEASE;
  }

  @Override
  public void prepare(World world, ModelProcess process, SyncBackend backend) {
    clients.add(
        new Client(
            process,
            new ModelLocks(process, backend, new LockServiceOptions().setBackendTimeout(TIMEOUT))));
  }

  private Client client(ModelProcess process) {
    return clients.stream().filter(c -> c.process == process).findFirst().orElseThrow();
  }

  @Override
  public void begin(World world, ModelProcess process) {
    Client client = client(process);
    boolean hurries = client == clients.get(clients.size() - 1);
    client.acquire(world, hurries ? client.hurried : client.lock, hurries ? SHORT_WAIT : WAIT);
  }

  @Override
  public void check(World world) {
    List<ModelProcess> holding =
        clients.stream()
            .filter(c -> !c.process.crashed && c.handle != null && c.handle.isValid())
            .map(c -> c.process)
            .toList();
    if (holding.size() > 1) {
      world.violated(Kind.TWO_HOLDERS, holding + " hold one lock at one instant");
    }
    for (Client client : clients) {
      if (client.over.stream().anyMatch(LockHandle::isValid)) {
        world.violated(Kind.VALID_AGAIN, client.process + " holds what it has released or lost");
      }
    }
  }

  @Override
  public void heal(World world, ModelProcess process) {
    Client client = client(process);
    process.in(
        2 * LEASE,
        () -> {
          client.last = true;
          client.acquire(world, client.lock, WAIT);
        });
  }

  @Override
  public void finish(World world) {
    for (Client client : clients) {
      if (!client.process.crashed && !client.served) {
        world.violated(
            Kind.NOT_SERVED, client.process + " waited in vain after the faults were over");
      }
    }
  }
}
