package dev.conclave.model.scenario;

import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.election.LeadershipReason;
import dev.conclave.election.ModelElections;
import dev.conclave.model.world.ModelProcess;
import dev.conclave.model.world.Scenario;
import dev.conclave.model.world.Violation.Kind;
import dev.conclave.model.world.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * All want to lead; who leads after some time resigns, and runs again a little later. When all has
 * been well for a while one has to lead, and all stop.
 */
final class ElectionScenario implements Scenario {
  static final long LEASE = 1_000;
  private static final long RETRY = 800;
  private static final long TIMEOUT = 400;
  private static final long RESIGNS_AT = 500;
  private static final long COOLDOWN = 300;
  private static final long STOP = 1_000;
  private static final long SETTLED = 2 * LEASE + RETRY;

  private static final class Worker {
    private final ModelProcess process;
    private LeaderElection election;
    private boolean leads;

    private Worker(ModelProcess process) {
      this.process = process;
    }

    private boolean isLeader() {
      return !process.crashed && election.isLeader();
    }
  }

  private final List<Worker> workers = new ArrayList<>();
  private long lastFence;
  private boolean settled;

  @Override
  public long calm() {
    return SETTLED + 2 * STOP;
  }

  @Override
  public void prepare(World world, ModelProcess process, SyncBackend backend) {
    Worker worker = new Worker(process);
    worker.election =
        ModelElections.create(
            process,
            backend,
            new LeaderElectionOptions("orders")
                .setWorker(process.name)
                .setLeaseDuration(LEASE)
                .setRenewDeadline(LEASE - 1)
                .setRetryInterval(RETRY)
                .setBackendTimeout(TIMEOUT)
                .setStopTimeout(STOP)
                .setJitter(0),
            event -> report(world, worker, event));
    workers.add(worker);
  }

  @Override
  public void begin(World world, ModelProcess process) {
    Worker worker = worker(process);
    process.expect("start", worker.election.start(), 0);
    process.in(
        RESIGNS_AT,
        () -> {
          if (worker.isLeader()) {
            process.expect(
                "resign", worker.election.resign(Duration.ofMillis(COOLDOWN)), STOP + TIMEOUT);
          }
        });
  }

  private Worker worker(ModelProcess process) {
    return workers.stream().filter(w -> w.process == process).findFirst().orElseThrow();
  }

  private void report(World world, Worker worker, LeadershipEvent event) {
    world.tell(
        worker.process + ": " + event.getReason().wireName() + " " + event.getFencingToken());
    if (event.getReason() == LeadershipReason.ELECTED) {
      if (worker.leads) {
        world.violated(Kind.EVENTS_OUT_OF_ORDER, worker.process + " elected twice without an end");
      }
      if (event.getFencingToken() <= lastFence) {
        world.violated(
            Kind.FENCE_NOT_GREATER,
            worker.process + " elected with " + event.getFencingToken() + " after " + lastFence);
      }
      lastFence = event.getFencingToken();
      worker.leads = true;
    } else if (event.getReason().isEnd()) {
      if (!worker.leads || worker.isLeader()) {
        world.violated(Kind.EVENTS_OUT_OF_ORDER, worker.process + ": an end without a beginning");
      }
      worker.leads = false;
    }
  }

  @Override
  public void check(World world) {
    List<ModelProcess> leading =
        workers.stream().filter(Worker::isLeader).map(w -> w.process).toList();
    if (leading.size() > 1) {
      world.violated(Kind.TWO_HOLDERS, leading + " lead at one instant");
    }
  }

  @Override
  public void heal(World world, ModelProcess process) {
    process.in(
        SETTLED,
        () -> {
          settled |= workers.stream().anyMatch(Worker::isLeader);
          process.expect("stop", worker(process).election.close(), STOP + 2 * TIMEOUT);
        });
  }

  @Override
  public void finish(World world) {
    if (!settled) {
      world.violated(Kind.NOT_SERVED, "no process leads " + SETTLED + " ms after the last fault");
    }
    for (Worker worker : workers) {
      if (!worker.process.crashed && worker.leads) {
        world.violated(Kind.EVENTS_OUT_OF_ORDER, worker.process + ": a beginning without an end");
      }
    }
  }
}
