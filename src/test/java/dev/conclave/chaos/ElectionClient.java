package dev.conclave.chaos;

import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipPublishing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

/** Takes part in one election, works while it leads, and resigns now and then. */
final class ElectionClient {
  static final Duration LEASE = Duration.ofMillis(2_000);
  static final Duration RENEW_DEADLINE = Duration.ofMillis(1_500);
  static final Duration RETRY = Duration.ofMillis(300);
  static final Duration BACKEND_TIMEOUT = Duration.ofMillis(700);

  private final Vertx vertx;
  private final ChaosWorker worker;
  private final LeaderElection election;
  private final Random random;
  private AtomicBoolean stopped = new AtomicBoolean();

  ElectionClient(
      Vertx vertx, SyncBackend backend, ChaosWorker worker, String label, String name, long seed) {
    this.vertx = vertx;
    this.worker = worker;
    this.random = new Random(seed);
    this.election =
        LeaderElection.create(
            vertx,
            backend,
            new LeaderElectionOptions(name)
                .setWorker(label)
                .setLeaseDuration(LEASE.toMillis())
                .setRenewDeadline(RENEW_DEADLINE.toMillis())
                .setRetryInterval(RETRY.toMillis())
                .setBackendTimeout(BACKEND_TIMEOUT.toMillis())
                .setStopTimeout(500)
                .setPublish(LeadershipPublishing.NONE));
  }

  void start() {
    election.onChange(
        event -> {
          stopped.set(true);
          stopped = new AtomicBoolean();
          if (event.isLeading()) {
            long fence = event.getFencingToken();
            String id = election.worker() + "/" + fence;
            worker.work().run(election.election(), id, fence, 40, stopped);
          }
        });
    worker.claims().lead(election);
    election.start();
    vertx.setPeriodic(
        1_000,
        timer -> {
          if (election.isLeader() && random.nextInt(8) == 0 && !worker.stopping()) {
            election.resign(Duration.ofMillis(random.nextInt(1_500)));
          }
        });
  }

  Future<Void> stop() {
    return election.stop();
  }
}
