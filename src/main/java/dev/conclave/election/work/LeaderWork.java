package dev.conclave.election.work;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Everything that depends on this worker leading: its leader-only verticles, the bodies of {@code
 * LeaderElection.lead}, and the callers that wait for the start or the end of the leadership. On
 * the scheduler's thread only.
 */
public final class LeaderWork {
  private final String election;
  private final Scheduler scheduler;
  private final LeaderVerticle.Host host;
  private final long stopTimeout;
  private final Consumer<Throwable> onFailure;
  private final List<LeaderVerticle> verticles = new ArrayList<>();
  private final Set<LeaderBody<?>> waiting = new LinkedHashSet<>();
  private final Set<LeaderBody<?>> running = new LinkedHashSet<>();
  private final List<Promise<Void>> forLeadership = new ArrayList<>();
  private final List<Promise<Void>> forLoss = new ArrayList<>();
  private final List<Promise<Void>> forStepDown = new ArrayList<>();
  private final Set<Runnable> onLeadership = new LinkedHashSet<>();
  private final Set<Runnable> onLoss = new LinkedHashSet<>();
  private BooleanSupplier leading;
  private boolean steppingDown;
  private boolean closed;

  /**
   * The work of one worker in one election.
   *
   * @param stopTimeout how long a former instance of a verticle may take to stop, in nanoseconds
   * @param onFailure notified when a verticle cannot be deployed
   */
  public LeaderWork(
      String election,
      Scheduler scheduler,
      LeaderVerticle.Host host,
      long stopTimeout,
      Consumer<Throwable> onFailure) {
    this.election = election;
    this.scheduler = scheduler;
    this.host = host;
    this.stopTimeout = stopTimeout;
    this.onFailure = onFailure;
  }

  /** Runs the verticle while this worker leads, from now on. */
  public void add(LeaderVerticle.Child child) {
    LeaderVerticle verticle = new LeaderVerticle(child, host, scheduler, stopTimeout, onFailure);
    verticles.add(verticle);
    if (isOpenForWork()) {
      verticle.start();
    }
  }

  /** Runs the body once, on its caller's context, when this worker leads. */
  public <T> Future<T> lead(Supplier<Future<T>> code, Consumer<Runnable> callersContext) {
    LeaderBody<T> body = new LeaderBody<>(code, callersContext);

    if (closed) {
      body.fail(ErrorCode.CLOSED, stopped());
    } else if (isOpenForWork()) {
      run(body);
    } else {
      waiting.add(body);
    }
    return body.result();
  }

  /** Completes when this worker leads; fails when the election is stopped first. */
  public Future<Void> awaitLeadership() {
    if (closed) {
      return Future.failedFuture(ErrorCode.CLOSED.failure(stopped()));
    }
    return leading != null ? Future.succeededFuture() : waitIn(forLeadership);
  }

  /** Completes when this worker does not lead. */
  public Future<Void> awaitLoss() {
    return leading == null ? Future.succeededFuture() : waitIn(forLoss);
  }

  /** Completes when this worker begins to step down, or does not lead. */
  public Future<Void> awaitStepDown() {
    return isOpenForWork() ? waitIn(forStepDown) : Future.succeededFuture();
  }

  /** Runs the action when this worker leads, at once if it does. */
  public void onLeadership(Runnable action) {
    if (!closed) {
      addOrRun(onLeadership, action, leading != null);
    }
  }

  /** Runs the action when this worker does not lead any more, at once if it does not. */
  public void onLoss(Runnable action) {
    addOrRun(onLoss, action, leading == null);
  }

  /** Removes an action. */
  public void remove(Runnable action) {
    onLeadership.remove(action);
    onLoss.remove(action);
  }

  /** How many actions and promises wait for a change. */
  public int waiting() {
    return forLeadership.size() + forLoss.size() + onLeadership.size() + onLoss.size();
  }

  /**
   * The leadership has begun.
   *
   * @param still whether it still lasts; called on any thread
   */
  public void began(BooleanSupplier still) {
    leading = still;
    steppingDown = false;
    complete(forLeadership);
    run(onLeadership);
    verticles.forEach(LeaderVerticle::start);
    List<LeaderBody<?>> bodies = List.copyOf(waiting);
    waiting.clear();
    bodies.forEach(this::run);
  }

  /** Begins to stop everything; completes when all of it has ended. Never fails. */
  public Future<Void> stop() {
    steppingDown = true;
    List<Future<?>> ends = new ArrayList<>();
    verticles.forEach(verticle -> ends.add(verticle.stop()));
    withdrawBodiesNotBegun();
    running.forEach(body -> ends.add(body.result()));
    complete(forStepDown);
    return CallerContext.on(
        scheduler, Future.join(ends).transform(ended -> Future.succeededFuture()));
  }

  /** The leadership has ended. */
  public void ended() {
    leading = null;
    verticles.forEach(LeaderVerticle::stop);
    withdrawBodiesNotBegun();
    List.copyOf(running)
        .forEach(
            body ->
                body.fail(
                    ErrorCode.LOST,
                    "the leadership of election '" + election + "' ended before the body did"));
    running.clear();
    complete(forStepDown);
    complete(forLoss);
    run(onLoss);
  }

  /** This worker will not lead again. */
  public void close() {
    closed = true;
    List.copyOf(waiting).forEach(body -> body.fail(ErrorCode.CLOSED, stopped()));
    waiting.clear();
    List<Promise<Void>> unfulfilled = List.copyOf(forLeadership);
    forLeadership.clear();
    onLeadership.clear();
    unfulfilled.forEach(promise -> promise.fail(ErrorCode.CLOSED.failure(stopped())));
  }

  private boolean isOpenForWork() {
    return leading != null && !steppingDown;
  }

  private void run(LeaderBody<?> body) {
    running.add(body);
    CallerContext.on(scheduler, body.result()).onComplete(ended -> running.remove(body));
    body.send(leading);
  }

  private void withdrawBodiesNotBegun() {
    for (LeaderBody<?> body : List.copyOf(running)) {
      if (body.withdraw()) {
        running.remove(body);
        waiting.add(body);
      }
    }
  }

  private String stopped() {
    return "election '" + election + "' is stopped on this worker";
  }

  private static Future<Void> waitIn(List<Promise<Void>> waiters) {
    Promise<Void> promise = Promise.promise();
    waiters.add(promise);
    return promise.future();
  }

  private static void addOrRun(Set<Runnable> actions, Runnable action, boolean now) {
    if (now) {
      action.run();
    } else {
      actions.add(action);
    }
  }

  private static void run(Set<Runnable> actions) {
    List<Runnable> due = List.copyOf(actions);
    actions.clear();
    due.forEach(Runnable::run);
  }

  private static void complete(List<Promise<Void>> waiters) {
    List<Promise<Void>> due = List.copyOf(waiters);
    waiters.clear();
    due.forEach(Promise::complete);
  }
}
