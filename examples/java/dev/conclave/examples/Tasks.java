package dev.conclave.examples;

import dev.conclave.Conclave;
import dev.conclave.election.LeaderElection;
import dev.conclave.lock.DistributedLock;
import dev.conclave.task.TaskBody;
import dev.conclave.task.TaskContext;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import io.vertx.core.Future;
import java.time.Duration;

/** A module's tasks, each once in the cluster in its own way. */
public final class Tasks {
  private final StringBuffer done = new StringBuffer();

  // tag::define[]
  /** What the reports module does, when, and what it must hold meanwhile. */
  public TaskRouter reports(LeaderElection election, DistributedLock files) {
    TaskRouter reports = TaskRouter.create("reports");

    // On the leader only, thirty seconds after the last run has ended.
    reports.every(Duration.ofSeconds(30), "refresh", this::refresh).whileLeader(election);

    // At two o'clock in Zurich, once in the whole cluster, whatever clocks and restarts do.
    reports.cron("0 2 * * *", "nightly", this::nightly).zone("Europe/Zurich").oncePerTick();

    // Blocking code: one run at a time, at most one every four minutes, under the lock "files".
    reports
        .every(Duration.ofMinutes(5), "export", TaskBody.blocking(this::export))
        .withLock(files)
        .minHold(Duration.ofMinutes(4))
        .timeout(Duration.ofMinutes(10));

    return reports;
  }

  // end::define[]

  /** Runs them until the Conclave is closed. */
  public TaskManager start(Conclave conclave) {
    // tag::start[]
    LeaderElection election = conclave.election("reports");
    DistributedLock files = conclave.locks().lock("files");

    return conclave.tasks(reports(election, files));
    // end::start[]
  }

  private Future<Void> refresh() {
    done.append("refreshed ");
    return Future.succeededFuture();
  }

  // tag::body[]
  private Future<Void> nightly(TaskContext run) {
    run.onLost(() -> System.out.println("another may work now: stop"));
    // The resource refuses a number smaller than the greatest it has seen.
    return writeReport(run.fireTime().toString(), run.fencingToken());
  }

  // end::body[]

  private Future<Void> writeReport(String day, long fencingToken) {
    done.append("reported ");
    return Future.succeededFuture();
  }

  private void export(TaskContext run) {
    done.append("exported under ").append(run.fencingToken()).append(' ');
  }

  /** What has been done so far, for people. */
  public String done() {
    return done.toString();
  }
}
