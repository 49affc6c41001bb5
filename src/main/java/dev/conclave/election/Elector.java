package dev.conclave.election;

import static java.lang.System.Logger.Level.ERROR;

import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.config.VirtualThreads;
import dev.conclave.election.View.Term;
import dev.conclave.election.work.LeaderVerticle;
import dev.conclave.election.work.LeaderWork;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The implementation of {@link LeaderElection}, for callers on any thread. Queries are answered on
 * the caller's thread from the machine's view. Every other call is queued to the machine's thread,
 * and completes on the caller's context in a task of its own.
 */
final class Elector implements LeaderElection {
  private static final System.Logger LOG = System.getLogger(LeaderElection.class.getName());

  private final LeaderElectionOptions options;
  private final Scheduler scheduler;
  private final ElectionHost host;
  private final Timing timing;
  private final LeaderWork work;
  private final LeadershipNotifier notifier;
  private final ElectionMachine machine;
  private Future<Void> opened;
  private Future<Void> closed;

  Elector(
      Scheduler scheduler, SyncBackend backend, LeaderElectionOptions options, ElectionHost host) {
    this(scheduler, backend, options, host, () -> ThreadLocalRandom.current().nextDouble());
  }

  Elector(
      Scheduler scheduler,
      SyncBackend backend,
      LeaderElectionOptions given,
      ElectionHost host,
      DoubleSupplier random) {
    this.options = new LeaderElectionOptions(given.validate());
    this.scheduler = scheduler;
    this.host = host;
    this.timing = new Timing(options, random);
    this.work =
        new LeaderWork(
            options.getElection(), scheduler, host, timing.stopTimeout, this::verticleFailed);
    this.notifier = new LeadershipNotifier(LOG, options, scheduler, host::publish);
    this.machine = new ElectionMachine(scheduler, backend, options, timing, work, notifier);
    options.getDeploy().forEach(deploy -> work.add(child(deploy)));
  }

  @Override
  public String election() {
    return options.getElection();
  }

  @Override
  public String worker() {
    return options.getWorker();
  }

  @Override
  public Future<Void> start() {
    return queued(
        () -> {
          if (opened == null && closed == null) {
            opened = CallerContext.on(scheduler, host.open(this)).compose(open -> machine.start());
          }
          return closed == null ? opened : machine.start();
        });
  }

  @Override
  public Future<Void> close() {
    return queued(
        () -> {
          if (closed == null) {
            Future<Void> open = opened == null ? Future.succeededFuture() : opened;
            closed =
                machine
                    .stop()
                    .compose(
                        stopped -> open.transform(any -> CallerContext.on(scheduler, host.close())))
                    .otherwiseEmpty();
          }
          return closed;
        });
  }

  @Override
  public boolean isLeader() {
    return machine.view().isLeading(scheduler.nanoTime());
  }

  @Override
  public boolean isLeaderConfirmedWithin(Duration duration) {
    Term term = machine.view().term();
    return term != null && term.isConfirmed(scheduler.nanoTime(), duration.toNanos());
  }

  @Override
  public String leader() {
    return view().getLeader();
  }

  @Override
  public OptionalLong fencingToken() {
    View view = machine.view();
    return view.isLeading(scheduler.nanoTime())
        ? OptionalLong.of(view.fencingToken())
        : OptionalLong.empty();
  }

  @Override
  public Future<LeaderElectionStatus> status() {
    return Future.succeededFuture(view());
  }

  private LeaderElectionStatus view() {
    View view = machine.view();
    boolean leading = view.isLeading(scheduler.nanoTime());
    return new LeaderElectionStatus()
        .setElection(options.getElection())
        .setWorker(options.getWorker())
        .setCandidate(options.isCandidate())
        .setLeading(leading)
        .setLeader(view.term() == null || leading ? view.leader() : null)
        .setFencingToken(view.fencingToken());
  }

  @Override
  public Future<Void> awaitLeadership() {
    return queued(work::awaitLeadership);
  }

  @Override
  public Future<Void> awaitLoss() {
    return queued(work::awaitLoss);
  }

  @Override
  public Watch onLeadership(Runnable action) {
    return removable(action, work::onLeadership);
  }

  @Override
  public Watch onLoss(Runnable action) {
    return removable(action, work::onLoss);
  }

  @Override
  public Future<Void> awaitStepDown() {
    return queued(work::awaitStepDown);
  }

  @Override
  public <T> Future<T> lead(Supplier<Future<T>> body) {
    Executor caller = scheduler.caller();
    return queued(() -> work.lead(body, caller::execute));
  }

  @Override
  public Future<Void> resign(Duration cooldown) {
    if (cooldown == null) {
      return Future.failedFuture(
          ErrorCode.INVALID.failure("cooldown is missing; expected a duration"));
    }
    if (cooldown.isNegative() || cooldown.compareTo(LeaseRequest.MAX_DURATION) > 0) {
      return Future.failedFuture(
          ErrorCode.INVALID.failure(
              "cooldown "
                  + cooldown
                  + " must not be negative nor more than "
                  + LeaseRequest.MAX_DURATION.toDays()
                  + " days"));
    }
    return queued(() -> machine.resign(cooldown.toNanos()));
  }

  @Override
  public Future<Void> resign(long cooldown) {
    return resign(Duration.ofMillis(cooldown));
  }

  @Override
  public LeaderElection onChange(Handler<LeadershipEvent> handler) {
    Context context = Vertx.currentContext();
    if (context == null || context.isEventLoopContext()) {
      notifier.add(handler);
    } else { // It may block.
      Executor caller = scheduler.caller();
      notifier.add(event -> caller.execute(() -> notifier.call(handler, event)));
    }
    return this;
  }

  @Override
  public LeaderElection deployWhileLeading(
      Supplier<? extends Deployable> verticle, DeploymentOptions how) {
    VirtualThreads.check("options", how);
    DeploymentOptions copy = new DeploymentOptions(how);
    LeaderVerticle.Child child =
        new LeaderVerticle.Child("of a supplier", vertx -> vertx.deployVerticle(verticle, copy));
    scheduler.execute(() -> work.add(child));
    return this;
  }

  private static LeaderVerticle.Child child(LeaderDeployment deployment) {
    return new LeaderVerticle.Child(
        "'" + deployment.getVerticle() + "'",
        vertx -> vertx.deployVerticle(deployment.getVerticle(), deployment.getOptions()));
  }

  private void verticleFailed(Throwable cause) {
    LOG.log(
        ERROR,
        "election '"
            + options.getElection()
            + "', worker '"
            + options.getWorker()
            + "' resigns for "
            + options.getLeaseDuration()
            + " ms: "
            + cause.getMessage());
    scheduler.execute(() -> machine.resign(timing.lease.toNanos()));
  }

  /** An action that runs once on the caller's context, unless it is removed before. */
  private Watch removable(Runnable action, Consumer<Runnable> add) {
    Executor caller = scheduler.caller();
    AtomicBoolean open = new AtomicBoolean(true);
    Runnable once =
        () ->
            caller.execute(
                () -> {
                  if (open.getAndSet(false)) {
                    action.run();
                  }
                });
    scheduler.execute(() -> add.accept(once));
    return () -> {
      if (open.getAndSet(false)) {
        scheduler.execute(() -> work.remove(once));
      }
    };
  }

  /** How many actions and promises wait for the start or the end of a leadership. */
  int waiting() {
    return work.waiting();
  }

  /**
   * Runs on the machine's thread, never within this call, and completes on the caller's context.
   */
  private <T> Future<T> queued(Supplier<Future<T>> call) {
    Consumer<Runnable> caller = answers();
    Promise<T> answer = Promise.promise();
    scheduler.execute(
        () ->
            CallerContext.attempt(call::get)
                .onComplete(outcome -> caller.accept(() -> answer.handle(outcome))));
    return answer.future();
  }

  private Consumer<Runnable> answers() {
    Context context = Vertx.currentContext();
    return context == null ? scheduler::execute : action -> CallerContext.runOn(context, action);
  }
}
