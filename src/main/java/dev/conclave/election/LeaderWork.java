package dev.conclave.election;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * What depends on this worker leading: its leader-only verticles, the bodies of {@link
 * LeaderElection#lead}, and whoever waits for the beginning or the end. On the scheduler's thread
 * only.
 */
final class LeaderWork {
  private final String election;
  private final BoundedCalls calls;
  private final LongSupplier clock;
  private final List<LeaderVerticle> verticles = new ArrayList<>();
  private final Set<LeaderBody<?>> waiting = new LinkedHashSet<>();
  private final Set<LeaderBody<?>> running = new LinkedHashSet<>();
  private final List<Promise<Void>> forLeadership = new ArrayList<>();
  private final List<Promise<Void>> forLoss = new ArrayList<>();
  private final List<Promise<Void>> forStepDown = new ArrayList<>();
  private final Set<Runnable> onLeadership = new LinkedHashSet<>();
  private final Set<Runnable> onLoss = new LinkedHashSet<>();
  private Term term;
  private boolean steppingDown;
  private boolean closed;

  LeaderWork(String election, BoundedCalls calls, LongSupplier clock) {
    this.election = election;
    this.calls = calls;
    this.clock = clock;
  }

  void add(LeaderVerticle verticle) {
    verticles.add(verticle);
    if (isOpenForWork()) {
      verticle.start();
    }
  }

  void add(LeaderBody<?> body) {
    if (closed) {
      body.fail(ErrorCode.CLOSED, stopped());
    } else if (isOpenForWork()) {
      run(body);
    } else {
      waiting.add(body);
    }
  }

  Future<Void> awaitLeadership() {
    if (closed) {
      return Future.failedFuture(ErrorCode.CLOSED.failure(stopped()));
    }
    return term != null ? Future.succeededFuture() : waitIn(forLeadership);
  }

  Future<Void> awaitLoss() {
    return term == null ? Future.succeededFuture() : waitIn(forLoss);
  }

  Future<Void> awaitStepDown() {
    return isOpenForWork() ? waitIn(forStepDown) : Future.succeededFuture();
  }

  /** Runs the action when this worker leads, at once if it does. */
  void onLeadership(Runnable action) {
    if (!closed) {
      addOrRun(onLeadership, action, term != null);
    }
  }

  /** Runs the action when this worker does not lead any more, at once if it does not. */
  void onLoss(Runnable action) {
    addOrRun(onLoss, action, term == null);
  }

  /** Takes an action back. */
  void remove(Runnable action) {
    onLeadership.remove(action);
    onLoss.remove(action);
  }

  /** How many actions and promises wait for a change. */
  int waiting() {
    return forLeadership.size() + forLoss.size() + onLeadership.size() + onLoss.size();
  }

  void began(Term begun) {
    term = begun;
    steppingDown = false;
    complete(forLeadership);
    run(onLeadership);
    verticles.forEach(LeaderVerticle::start);
    List<LeaderBody<?>> bodies = List.copyOf(waiting);
    waiting.clear();
    bodies.forEach(this::run);
  }

  /** Begins to stop everything; completes when nothing is left of it. Never fails. */
  Future<Void> stop() {
    steppingDown = true;
    List<Future<?>> ends = new ArrayList<>();
    verticles.forEach(verticle -> ends.add(verticle.stop()));
    takeBackWhatHasNotBegun();
    running.forEach(body -> ends.add(body.result()));
    complete(forStepDown);
    return calls.here(Future.join(ends).transform(ended -> Future.succeededFuture()));
  }

  void ended() {
    term = null;
    verticles.forEach(LeaderVerticle::stop);
    takeBackWhatHasNotBegun();
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

  /** Nobody will lead here any more. */
  void close() {
    closed = true;
    List.copyOf(waiting).forEach(body -> body.fail(ErrorCode.CLOSED, stopped()));
    waiting.clear();
    List<Promise<Void>> hopeless = List.copyOf(forLeadership);
    forLeadership.clear();
    onLeadership.clear();
    hopeless.forEach(promise -> promise.fail(ErrorCode.CLOSED.failure(stopped())));
  }

  private boolean isOpenForWork() {
    return term != null && !steppingDown;
  }

  private void run(LeaderBody<?> body) {
    running.add(body);
    calls.here(body.result()).onComplete(ended -> running.remove(body));
    body.send(term, clock);
  }

  private void takeBackWhatHasNotBegun() {
    for (LeaderBody<?> body : List.copyOf(running)) {
      if (body.takeBack()) {
        running.remove(body);
        waiting.add(body);
      }
    }
  }

  private String stopped() {
    return "election '" + election + "' is stopped on this worker";
  }

  private static Future<Void> waitIn(List<Promise<Void>> line) {
    Promise<Void> promise = Promise.promise();
    line.add(promise);
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

  private static void complete(List<Promise<Void>> line) {
    List<Promise<Void>> due = List.copyOf(line);
    line.clear();
    due.forEach(Promise::complete);
  }
}
