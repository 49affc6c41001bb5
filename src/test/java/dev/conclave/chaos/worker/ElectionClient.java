package dev.conclave.chaos.worker;

import dev.conclave.backend.SyncBackend;
import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.Labels;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipPublishing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Takes part in one election, works while it leads, and resigns now and then. */
final class ElectionClient {
  static final Duration RENEW_DEADLINE = Duration.ofMillis(1_500);
  static final Duration BACKEND_TIMEOUT = Duration.ofMillis(700);
  private static final Duration STOP_TIMEOUT = Duration.ofMillis(500);

  /**
   * Who leads lets its work stop and releases; who does not waits for the question under way and
   * releases.
   */
  private static final Duration RESIGNS_WITHIN = BACKEND_TIMEOUT.multipliedBy(2);

  /** As {@link LeaderElection#stop()} promises. */
  private static final Duration STOPS_WITHIN = STOP_TIMEOUT.plus(BACKEND_TIMEOUT.multipliedBy(2));

  private final Vertx vertx;
  private final ChaosWorker worker;
  private final LeaderElection election;
  private final Random random;
  private AtomicBoolean stopped = new AtomicBoolean();
  private int calls;

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
                .setLeaseDuration(Limits.LEADER_LEASE.toMillis())
                .setRenewDeadline(RENEW_DEADLINE.toMillis())
                .setRetryInterval(Limits.LEADER_RETRY.toMillis())
                .setBackendTimeout(BACKEND_TIMEOUT.toMillis())
                .setStopTimeout(STOP_TIMEOUT.toMillis())
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
            Duration cooldown = Duration.ofMillis(random.nextInt(1_500));
            call(Labels.RESIGN, RESIGNS_WITHIN, () -> election.resign(cooldown));
          }
        });
  }

  Future<Void> stop() {
    return call(Labels.STOP, STOPS_WITHIN, election::close);
  }

  /** Logs it, with the term that is led when it is asked for. */
  private Future<Void> call(String what, Duration within, Supplier<Future<Void>> call) {
    String id = what + " " + worker.name() + "/" + election.election() + "/" + calls++;
    long term = election.fencingToken().orElse(0);
    long asked = System.nanoTime();
    EventLog log = worker.log();
    log.add(Type.CALL, election.election(), id, asked, term, asked + within.toNanos(), what);
    return call.get()
        .onComplete(
            end -> {
              String answer = end.succeeded() ? Labels.DONE : LockClient.code(end.cause());
              long now = System.nanoTime();
              log.add(Type.RETURN, election.election(), id, now, term, 0, answer);
            });
  }
}
