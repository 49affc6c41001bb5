package dev.conclave.election;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.ContextScheduler;
import dev.conclave.time.Schedulers;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * One worker of one election.
 *
 * <p><b>What is guaranteed.</b> The backend grants the leadership only when no other worker holds a
 * live lease. A leader stops leading before its lease can expire. It measures this on its own
 * monotonic clock, from the moment at which it sent its last successful renewal. So {@link
 * #isLeader()} is true on two workers at once only if the <i>rates</i> of their clocks differ by
 * more than the margin.
 *
 * <p><b>Limits.</b> Code can be paused right after it has checked {@link #isLeader()}, and continue
 * when another worker leads. A write that must not happen twice has to carry the {@link
 * #fencingToken()} to the resource.
 *
 * <p>All methods may be called from any thread; futures complete on the Vert.x context of the
 * caller, if it has one. Bodies and actions run there too; those of a plain thread run on a worker
 * thread of Vert.x. The election renews on an event-loop context of its own, so code that blocks a
 * worker or a virtual thread does not delay it. During an outage of the backend, the election
 * retries until it is closed.
 */
public interface LeaderElection extends LeaderElectionService {

  /**
   * An election that is not started yet. It runs until it is closed, even if the verticle that
   * created it is undeployed.
   *
   * @param backend the caller closes it, after {@link #close()}
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the options break
   *     a rule
   */
  static LeaderElection create(Vertx vertx, SyncBackend backend, LeaderElectionOptions options) {
    ContextScheduler scheduler = Schedulers.of(vertx).own();
    return new Elector(
        scheduler, backend, options, new VertxElectionHost(vertx, scheduler, options));
  }

  /** The election's name. */
  String election();

  /** This worker's label. */
  String worker();

  /**
   * Begins to campaign or to observe, and to serve {@link LeaderElectionService}. Does not wait for
   * the backend. Idempotent; fails with {@link ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> start();

  /**
   * Steps down as {@link #resign(Duration)} does if this worker leads, leaves the queue if it does
   * not, and takes no further part. Completes when nothing is left to do, even during an outage of
   * the backend: after the options' stop timeout and twice the backend timeout at the latest.
   * Idempotent.
   */
  Future<Void> close();

  /**
   * Whether this worker leads at this moment, by its own clock. False once the renew deadline is
   * over, even if its timer has not run yet; then it stays false until the next {@code elected}
   * event. Advisory: the leadership can end right after this returns.
   */
  boolean isLeader();

  /** Whether this worker leads and the backend has confirmed it within this time. */
  boolean isLeaderConfirmedWithin(Duration duration);

  /** The label of the leader that was seen last, or null when no leader is known. */
  String leader();

  /** The fencing token of this worker's leadership; empty when it does not lead. */
  OptionalLong fencingToken();

  /**
   * Completes when this worker leads: at once if it does. Fails with {@link ErrorCode#CLOSED} when
   * it is stopped first.
   */
  Future<Void> awaitLeadership();

  /** Completes when this worker does not lead any more: at once if it does not. */
  Future<Void> awaitLoss();

  /**
   * Runs the action once, on the caller's context, when this worker leads: soon if it does. Unlike
   * a future it can be removed, so repeated use leaves nothing behind.
   *
   * @return closing it removes the action
   */
  Watch onLeadership(Runnable action);

  /**
   * Runs the action once, on the caller's context, when this worker does not lead any more: soon if
   * it does not.
   *
   * @return closing it removes the action, as with {@link #onLeadership}
   */
  Watch onLoss(Runnable action);

  /**
   * Completes when this worker begins to step down on its own initiative, so that {@link #lead}
   * bodies can end first, or when its leadership has ended: at once if it does not lead.
   */
  Future<Void> awaitStepDown();

  /**
   * Waits for leadership and runs the body once, on the caller's context.
   *
   * <p>The result is the body's, unless leadership ends first: then it fails with {@link
   * ErrorCode#LOST} at once. A body that continues after that runs on a worker that does not lead.
   * A leader that steps down on its own initiative waits for running bodies, for the stop timeout
   * at most, and renews its lease meanwhile; a long body should end at {@link #awaitStepDown()}.
   * Fails with {@link ErrorCode#CLOSED} when the election is stopped before the body began.
   */
  <T> Future<T> lead(Supplier<Future<T>> body);

  /**
   * Steps down: the leader's verticles stop and {@link #lead} bodies end first, for the stop
   * timeout at most, while the lease is renewed. Then the leadership ends, events are published,
   * and the lease is released so that the first candidate in the queue leads at once.
   *
   * <p>During the cooldown, counted from the end of the leadership, this worker does not campaign;
   * it observes. If it does not lead, it leaves the queue, and its cooldown begins at once.
   * Completes when the lease is released, or when the backend did not answer in time: then the
   * lease expires. Fails with {@link ErrorCode#INVALID} when the cooldown is negative or longer
   * than a year, with {@link ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> resign(Duration cooldown);

  /**
   * Notifies a handler of every change from now on, on the election's own context, before the
   * change is published on the bus, and of an end before the lease is released. So it must not
   * block. A handler that is added on a worker or a virtual thread may block: it runs there, one
   * change after the other, and the election does not wait for it. An exception of a handler is
   * logged and has no other effect.
   */
  LeaderElection onChange(Handler<LeadershipEvent> handler);

  /**
   * Runs a verticle on the leader only: deployed after election, at once if this worker leads
   * already; undeployed when leadership ends, and before it ends when the leader steps down on its
   * own initiative.
   *
   * <p>A leader resigns for one lease duration, so that another worker may try, when the verticle
   * cannot be deployed or its former instance has not stopped within the stop timeout.
   */
  LeaderElection deployWhileLeading(Supplier<? extends Deployable> verticle, DeploymentOptions how);
}
