package dev.conclave.chaos.worker;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipPublishing;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskBody;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskManagerOptions;
import dev.conclave.task.TaskRouter;
import dev.conclave.testing.Planted;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * What a process does for a long time besides locks and elections. Each part leaves something
 * behind when the product forgets to remove it:
 *
 * <ol>
 *   <li>Tasks of every kind, while an election is led that no fault of a few seconds ends. The task
 *       of the leader runs two hundred times a second, so that what each run leaves behind soon is
 *       more than all that is under way while a fault lasts.
 *   <li>Waiters that crash: they stand in the queue of a held lock, behind one that lives, and
 *       never ask again.
 *   <li>Verticles that come, lock and are undeployed, on event loops and worker threads: contexts,
 *       schedulers and services that end.
 *   <li>Listeners: hints that are watched and not watched any more, handlers of loss, bodies that
 *       run while leading.
 * </ol>
 */
public final class SoakWork {
  /** The queue in which waiters crash. */
  public static final String CRASHES = "crashes-";

  private static final Duration TASK = Duration.ofMillis(50);
  private static final Duration TASK_OF_LEADER = Duration.ofMillis(5);
  private static final long CRASH = 100;
  private static final Duration PLACE_OF_CRASHED = Duration.ofSeconds(1);
  private static final Duration PLACE_OF_LIVING = Duration.ofSeconds(8);
  private static final long ASKS_AGAIN = 1_500;
  private static final long VISIT = 400;
  private static final long LISTEN = 100;

  private final Vertx vertx;
  private final ChaosWorker worker;
  private final SyncBackend backend;
  private final LockService service;
  private final boolean leaks;
  private final LeaderElection election;
  private final TaskManager tasks;
  private int crashed;
  private int visits;

  /**
   * The work of one worker.
   *
   * @param leaks whether each run of a task adds a listener to the election that is never removed
   */
  SoakWork(
      Vertx vertx, ChaosWorker worker, SyncBackend backend, LockService service, boolean leaks) {
    this.vertx = vertx;
    this.worker = worker;
    this.backend = backend;
    this.service = service;
    this.leaks = leaks;
    this.election =
        LeaderElection.create(
            vertx,
            backend,
            new LeaderElectionOptions("own-" + worker.name())
                .setLeaseDuration(30_000)
                .setRenewDeadline(20_000)
                .setPublish(LeadershipPublishing.NONE));
    this.tasks =
        TaskManager.create(
            vertx, backend, new TaskManagerOptions().setAddress("tasks-" + worker.name()));
  }

  void start() {
    election.start();
    tasks.include(router());
    tasks.start();
    waitersCrash();
    vertx.setPeriodic(VISIT, timer -> visit());
    vertx.setPeriodic(LISTEN, timer -> listen());
  }

  Future<?> stop() {
    return tasks.close().transform(stopped -> election.close());
  }

  private TaskRouter router() {
    TaskRouter router = TaskRouter.create("soak");
    router
        .every(TASK_OF_LEADER, "leading-" + worker.name(), this::whileLeading)
        .whileLeader(election);
    router.every(TASK.multipliedBy(3), "alone", () -> vertx.timer(5)).withTaskLock();
    router.atFixedRate(TASK.multipliedBy(4), "ticks", () -> vertx.timer(5)).oncePerTick();
    router.cron("* * * * * *", "seconds", () -> vertx.timer(5)).oncePerTick();
    router
        .every(TASK.multipliedBy(5), "blocking", TaskBody.blocking(run -> run.onLost(() -> {})))
        .withLock(
            DistributedLock.create(
                vertx, service, "resource", new LockOptions().setWaitTimeout(100)))
        .timeout(Duration.ofSeconds(5));
    return router;
  }

  private Future<?> whileLeading() {
    if (leaks) {
      election.awaitLoss();
    }
    return Future.succeededFuture();
  }

  private void waitersCrash() {
    LeaseKey key = LeaseKey.lock(CRASHES + worker.name());
    String holder = Planted.MARKER + "-holds-" + worker.name();
    String living = Planted.MARKER + "-lives-" + worker.name();
    Runnable ask =
        () -> {
          backend.acquire(LeaseRequest.of(key, holder, Duration.ofMinutes(5), "holder"));
          backend.acquire(queued(key, living, PLACE_OF_LIVING));
        };
    ask.run();
    vertx.setPeriodic(ASKS_AGAIN, timer -> ask.run());
    vertx.setPeriodic(
        CRASH, timer -> backend.acquire(queued(key, living + "-" + crashed++, PLACE_OF_CRASHED)));
  }

  private static LeaseRequest queued(LeaseKey key, String token, Duration patience) {
    return LeaseRequest.of(key, token, Duration.ofSeconds(5), "waiter").waiting(patience, () -> {});
  }

  private void visit() {
    ThreadingModel model = visits++ % 2 == 0 ? ThreadingModel.EVENT_LOOP : ThreadingModel.WORKER;
    vertx
        .deployVerticle(
            context -> {
              LockService own = LockManager.create(vertx, backend, new LockServiceOptions());
              lock(own, 100).onComplete(done -> own.locked("visited"));
              return Future.succeededFuture();
            },
            new DeploymentOptions().setThreadingModel(model))
        .onSuccess(id -> vertx.setTimer(VISIT / 2, timer -> vertx.undeploy(id)));
  }

  private Future<?> lock(LockService locks, long wait) {
    LockOptions options = new LockOptions().setWaitTimeout(wait).setLeaseDuration(2_000);
    return DistributedLock.create(vertx, locks, "visited-" + worker.name(), options)
        .withLock(
            handle -> {
              handle.onLost(() -> {});
              return vertx.timer(20);
            });
  }

  private void listen() {
    backend.watch(LeaseKey.lock("watched-" + crashed % 10), () -> {}).close();
    lock(service, 50);
    if (election.isLeader()) {
      election.lead(() -> vertx.timer(10));
    }
  }
}
