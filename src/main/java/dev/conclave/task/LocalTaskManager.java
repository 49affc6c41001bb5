package dev.conclave.task;

import static java.lang.System.Logger.Level.INFO;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Tokens;
import dev.conclave.task.guard.TaskKeys;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/** A {@link TaskManager} in this process: one loop per task, all on one scheduler. */
final class LocalTaskManager implements TaskManager {
  private static final System.Logger LOG = System.getLogger(TaskManager.class.getName());

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final Executor bodies;
  private final SyncBackend backend;
  private final TaskManagerOptions options;
  private final TaskBus bus;
  private final TaskRouter root = TaskRouter.create();
  private final Map<String, TaskDefinition> tasks = new TreeMap<>();
  private final Map<String, TaskLoop> loops = new TreeMap<>();
  private volatile State state = State.NEW;
  private Future<Void> opened;
  private Future<Void> stopped;

  /**
   * @param bodies runs bodies and their handlers
   */
  LocalTaskManager(
      Vertx vertx,
      Scheduler scheduler,
      Executor bodies,
      SyncBackend backend,
      TaskManagerOptions options,
      TaskBus bus) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.bodies = bodies;
    this.backend = backend;
    this.options = options;
    this.bus = bus;
  }

  @Override
  public TaskManager include(TaskRouter router) {
    root.include(router);
    return this;
  }

  @Override
  public Future<Void> start() {
    return CallerContext.call(
        scheduler,
        () -> {
          if (state == State.NEW) {
            root.freeze();
            state = State.RUNNING;
            begin();
            opened = bus.open(this);
          }
          return state == State.RUNNING ? opened : closed();
        });
  }

  private void begin() {
    TaskLoop.Setting setting =
        new TaskLoop.Setting(
            vertx,
            scheduler,
            bodies,
            backend,
            options.getWorker(),
            new TaskNotifier(scheduler, bus, options),
            () -> ThreadLocalRandom.current().nextDouble());
    root.tasks().forEach(task -> tasks.put(task.name(), task));
    tasks.forEach((name, task) -> loops.put(name, new TaskLoop(task, setting)));
  }

  @Override
  public Future<Void> close() {
    return CallerContext.call(
        scheduler,
        () -> {
          if (stopped == null) {
            root.freeze();
            state = State.STOPPING;
            stopped = end();
          }
          return stopped;
        });
  }

  private Future<Void> end() {
    List<Future<Void>> ends = new ArrayList<>();
    loops.values().forEach(loop -> ends.add(loop.stop()));
    Scheduler.Timer deadline =
        scheduler.schedule(
            Duration.ofMillis(options.getShutdownTimeout()).toNanos(),
            () -> loops.values().forEach(loop -> loop.giveUp(stoppedWaiting())));
    return Future.join(ends)
        .transform(
            ended ->
                CallerContext.call(
                    scheduler,
                    () -> {
                      deadline.cancel();
                      return bus.close();
                    }))
        .transform(
            ended -> {
              state = State.STOPPED;
              return Future.succeededFuture();
            });
  }

  private Throwable stoppedWaiting() {
    return ErrorCode.CLOSED.failure(
        "the task manager stopped and did not wait longer than its shutdownTimeout "
            + options.getShutdownTimeout());
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public Future<List<TaskInfo>> list() {
    return CallerContext.call(
        scheduler,
        () -> {
          List<Future<TaskInfo>> infos = new ArrayList<>();
          loops.values().forEach(loop -> infos.add(shown(loop)));
          return Future.join(infos).map(all -> all.<TaskInfo>list());
        });
  }

  private Future<TaskInfo> shown(TaskLoop loop) {
    Future<Optional<Lease>> paused =
        CallerContext.attempt(() -> backend.find(TaskKeys.paused(loop.name())));
    Future<Optional<Register>> marked =
        tasks.get(loop.name()).isOncePerTick()
            ? CallerContext.attempt(() -> backend.register(loop.name()))
            : Future.succeededFuture(Optional.empty());
    return Future.join(paused, marked)
        .transform(
            read -> {
              TaskInfo info = loop.info();
              if (paused.succeeded()) {
                info.setPaused(paused.result().isPresent());
              }
              if (marked.succeeded()) {
                marked.result().ifPresent(register -> show(register, info));
              }
              return Future.succeededFuture(info);
            });
  }

  private static void show(Register register, TaskInfo info) {
    if (register.mark().isPresent()) {
      long mark = register.mark().getAsLong();
      info.setMark(Instant.ofEpochMilli(mark).toString())
          .setMarkAhead(mark - register.storeTime().toEpochMilli());
    }
  }

  @Override
  public Future<TaskInfo> trigger(String name) {
    return withLoop(name, TaskLoop::trigger);
  }

  @Override
  public Future<Boolean> pause(String name) {
    return withLoop(
        name,
        loop ->
            backend
                .acquire(
                    LeaseRequest.of(
                        TaskKeys.paused(name),
                        Tokens.random(),
                        LeaseRequest.MAX_DURATION,
                        options.getWorker()))
                .map(answer -> answer.granted()));
  }

  @Override
  public Future<Boolean> resume(String name) {
    return withLoop(name, loop -> backend.revoke(TaskKeys.paused(name)));
  }

  @Override
  public Future<Boolean> reset(String name) {
    return withLoop(
        name,
        loop ->
            backend
                .register(name)
                .compose(
                    shown ->
                        shown.isPresent()
                            ? setBack(name, shown.get())
                            : Future.failedFuture(
                                ErrorCode.INVALID.failure(
                                    "task '"
                                        + name
                                        + "' cannot be reset: the backend does not report its time"))));
  }

  private Future<Boolean> setBack(String name, Register register) {
    return backend
        .retreat(name, register.storeTime().toEpochMilli())
        .onSuccess(
            moved ->
                LOG.log(
                    INFO,
                    "task '"
                        + name
                        + "': reset, its mark "
                        + (moved
                            ? Instant.ofEpochMilli(register.mark().orElse(0)) + " is set back to "
                            : "does not lie ahead of the store's time ")
                        + register.storeTime()));
  }

  @Override
  public Future<List<Instant>> preview(String name, int count) {
    return withLoop(
        name,
        loop -> {
          Cron cron = tasks.get(name).timing().cron();
          return Future.succeededFuture(
              cron == null ? loop.next().stream().toList() : cron.next(scheduler.now(), count));
        });
  }

  private <T> Future<T> withLoop(String name, Function<TaskLoop, Future<T>> call) {
    return CallerContext.call(
        scheduler,
        () -> {
          if (state != State.RUNNING) {
            return closed();
          }
          TaskLoop loop = loops.get(LeaseKey.checkName(name));
          return loop == null
              ? Future.failedFuture(
                  ErrorCode.INVALID.failure("task '" + name + "' is not known here"))
              : CallerContext.attempt(() -> call.apply(loop))
                  .recover(failure -> Future.failedFuture(ErrorCode.withCode(failure)));
        });
  }

  private <T> Future<T> closed() {
    return Future.failedFuture(
        ErrorCode.CLOSED.failure(
            "the task manager " + (state == State.NEW ? "has not started" : "has stopped")));
  }
}
