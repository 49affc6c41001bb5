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
 * One worker's part in one election.
 *
 * <p><b>What is guaranteed.</b> The backend never grants the leadership while another's lease
 * lives. A leader counts itself out before its lease can expire, by its own monotonic clock from
 * the moment it sent its last good renewal. So two workers do not see {@link #isLeader()} true at
 * once unless their clocks' <i>rates</i> differ by more than the margin.
 *
 * <p><b>What is not.</b> Nobody can stop code that checked a moment ago and was then paused. What
 * must not be written twice has to carry the {@link #fencingToken()} to where it is written.
 *
 * <p>All methods may be called from any thread; futures complete on the Vert.x context of the
 * caller, if it has one. Bodies and actions run there too; those of a plain thread run on a worker
 * thread of Vert.x. The election renews on an event-loop context of its own, which no code that
 * blocks a worker or a virtual thread holds up. An election whose backend is away goes on trying
 * until it is stopped.
 */
public interface LeaderElection extends LeaderElectionService {

  /**
   * An election that is not started yet. It goes on until it is stopped, whatever becomes of the
   * verticle that this is called from.
   *
   * @param backend stays the caller's to close, after {@link #close()}
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
   * Begins to campaign, or to observe, and to answer as {@link LeaderElectionService}. Does not
   * wait for the backend. Idempotent; fails with {@link ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> start();

  /**
   * Steps down as {@link #resign(Duration)} does if this worker leads, gives up its place in line
   * if it does not, and takes no further part. Completes when nothing is left to do, however the
   * backend fares: after the options' stop timeout and twice the backend timeout at the latest.
   * Idempotent.
   */
  Future<Void> close();

  /**
   * Whether this worker leads at this moment, by its own clock. Never true when the renew deadline
   * is over, even when its timer has not run yet; once false, it stays false until the next {@code
   * elected} event. Advisory: it can be over right after the answer.
   */
  boolean isLeader();

  /** Whether this worker leads and the backend has confirmed it within this time. */
  boolean isLeaderConfirmedWithin(Duration duration);

  /** The label of who leads as seen last, or null when nobody is known to. */
  String leader();

  /** The number of this worker's leadership; empty when it does not lead. */
  OptionalLong fencingToken();

  /**
   * Completes when this worker leads: at once if it does. Fails with {@link ErrorCode#CLOSED} when
   * it is stopped first.
   */
  Future<Void> awaitLeadership();

  /** Completes when this worker does not lead any more: at once if it does not. */
  Future<Void> awaitLoss();

  /**
   * Runs the action once, on the caller's context, when this worker leads: soon if it does. Other
   * than a future it can be taken back: what is often begun and ended leaves nothing behind.
   *
   * @return closing it takes the action back
   */
  Watch onLeadership(Runnable action);

  /**
   * Runs the action once, on the caller's context, when this worker does not lead any more: soon if
   * it does not.
   *
   * @return closing it takes the action back, as with {@link #onLeadership}
   */
  Watch onLoss(Runnable action);

  /**
   * Completes when this worker's leadership is about to end by its own will, so that {@link #lead}
   * bodies can come to an end first, or has ended: at once if it does not lead.
   */
  Future<Void> awaitStepDown();

  /**
   * Waits for leadership and runs the body once, on the caller's context.
   *
   * <p>The result is the body's, unless leadership ends first: then it fails with {@link
   * ErrorCode#LOST} at once, and what the body still does is done by a worker that does not lead.
   * When the leader steps down by its own will, it waits for running bodies, for the stop timeout
   * at most, and is renewed meanwhile; a long body should end at {@link #awaitStepDown()}. Fails
   * with {@link ErrorCode#CLOSED} when the election is stopped before the body began.
   */
  <T> Future<T> lead(Supplier<Future<T>> body);

  /**
   * Steps down by its own will: the leader's verticles stop and {@link #lead} bodies end first, for
   * the stop timeout at most and renewed meanwhile; then the leadership ends, events are told, and
   * the lease is released so that the first in line leads at once.
   *
   * <p>For the cooldown, counted from the end, this worker does not campaign; it observes. If it
   * does not lead, it gives up its place in line and refrains just so. Completes when the lease is
   * released or the backend did not answer in time: then it expires. Fails with {@link
   * ErrorCode#INVALID} when the cooldown is negative or longer than a year, with {@link
   * ErrorCode#CLOSED} after {@link #close()}.
   */
  Future<Void> resign(Duration cooldown);

  /**
   * Notifies a handler of every change from now on, on the election's own context, before the
   * change is published on the bus, and of an end before the lease is released. So it must not
   * block. One that is added on a worker or a virtual thread may: it runs there, one change after
   * the other, and nothing waits for it. A handler that throws is logged and stops nothing.
   */
  LeaderElection onChange(Handler<LeadershipEvent> handler);

  /**
   * Runs a verticle on the leader only: deployed after election, at once if this worker leads
   * already; undeployed when leadership ends, and before it ends when the leader steps down by its
   * own will.
   *
   * <p>A leader whose verticle can not be deployed, or whose former instance has not stopped within
   * the stop timeout, resigns for one lease duration so that another worker may try.
   */
  LeaderElection deployWhileLeading(Supplier<? extends Deployable> verticle, DeploymentOptions how);
}
