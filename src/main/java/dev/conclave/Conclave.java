package dev.conclave;

import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.lock.Locks;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskManagerOptions;
import dev.conclave.task.TaskRouter;
import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;

/**
 * Locks, elections and tasks inside an application, on one backend. {@link #close()} ends all of
 * them.
 *
 * <p>It works until it is closed, even when the verticle that created it has been undeployed. Such
 * a verticle closes it in its {@code stop}. All methods may be called from any thread. After {@link
 * #close()} they fail with {@link ErrorCode#CLOSED}.
 *
 * <p>Failures are {@link io.vertx.serviceproxy.ServiceException}s with the codes of {@link
 * ErrorCode}.
 */
public interface Conclave {

  /**
   * Connects to the backend of this configuration. Its keys: {@code backend} (an object with a
   * {@code type}, required), {@code requires} ({@code "cluster"} refuses a backend that only one
   * process sees, {@code "process"} declares that it is intended), {@code startTimeout}
   * (milliseconds to wait for a backend that cannot be reached yet; 0 by default) and {@code locks}
   * (an object with {@code maxWaiters}, {@code maxWait} and {@code backendTimeout} of {@link
   * LockServiceOptions}). {@code ${NAME}} and {@code ${NAME:default}} are expanded in every string.
   *
   * <p>Equal backend configurations of one Vert.x instance share one backend.
   *
   * @return fails with {@link ErrorCode#INVALID} when the configuration breaks a rule, and with
   *     {@link ErrorCode#BACKEND_UNAVAILABLE} when the backend cannot be reached; nothing is left
   *     open then
   */
  static Future<Conclave> connect(Vertx vertx, JsonObject config) {
    return CallerContext.attempt(() -> EmbeddedConclave.connect(vertx, config)).map(c -> c);
  }

  /**
   * Uses a backend that the caller has created. The caller closes it after this object.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when an option breaks
   *     a rule
   */
  static Conclave create(Vertx vertx, SyncBackend backend, LockServiceOptions locks) {
    return new EmbeddedConclave(vertx, backend, false, locks.validate());
  }

  /** Locks by name. There may be any number of names: a name that is not in use takes no memory. */
  Locks locks();

  /**
   * The election of this name with the default options; see {@link
   * #election(LeaderElectionOptions)}.
   */
  LeaderElection election(String name);

  /**
   * This worker's part in an election. The first call for a name starts it: this worker campaigns
   * until {@link #close()}. Later calls with equal options return the same election.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the options break
   *     a rule, or the election of this name runs with other options
   */
  LeaderElection election(LeaderElectionOptions options);

  /**
   * As {@link #election(LeaderElectionOptions)}, for a name that is not in use here yet.
   *
   * @param prepare called before the election starts: handlers that it adds receive every event
   */
  LeaderElection election(LeaderElectionOptions options, Consumer<LeaderElection> prepare);

  /** Runs the tasks of these routers with the default options until {@link #close()}. */
  TaskManager tasks(TaskRouter... routers);

  /**
   * Runs the tasks of these routers until {@link #close()}.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when an option or a
   *     router breaks a rule
   */
  TaskManager tasks(TaskManagerOptions options, TaskRouter... routers);

  /** The backend, for leases of your own, inspection and administration. */
  SyncBackend backend();

  /**
   * Ends everything in this order: tasks begin no new run, and runs under way get their {@code
   * shutdownTimeout}; leaders step down; waiting lock requests leave their queues and fail with
   * {@link ErrorCode#CLOSED}; then the backend is closed, unless the caller created it. A lock that
   * is still held is not released: its lease expires. Completes when all of that is done.
   * Idempotent.
   */
  Future<Void> close();
}
