package dev.conclave.task;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.task.guard.Leadership;
import dev.conclave.testing.ManualScheduler;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** A simulated cluster: one store, one clock, any number of managers. */
final class Sim {
  final ManualScheduler time;
  final Store store;
  final List<JsonObject> events = new ArrayList<>();

  Sim(String start) {
    time = new ManualScheduler(Instant.parse(start));
    store = new Store(new MemoryBackend(time), null);
  }

  TaskManager manager(TaskRouter router) {
    return manager("worker", Duration.ZERO, router);
  }

  /** A manager on a machine whose wall clock is off. */
  TaskManager manager(String worker, Duration offset, TaskRouter router) {
    return manager(worker, new Offset(time, offset), store, events, router);
  }

  /** A manager on a machine with a clock of its own. */
  TaskManager manager(String worker, Scheduler clock, TaskRouter router) {
    return manager(worker, clock, store, events, router);
  }

  /** A manager on any time and store. */
  static TaskManager manager(
      Scheduler time, Duration offset, SyncBackend backend, TaskRouter router) {
    return manager("worker", new Offset(time, offset), backend, new ArrayList<>(), router);
  }

  private static TaskManager manager(
      String worker,
      Scheduler scheduler,
      SyncBackend backend,
      List<JsonObject> events,
      TaskRouter router) {
    return new LocalTaskManager(
            null,
            scheduler,
            Runnable::run,
            backend,
            new TaskManagerOptions().setWorker(worker),
            new TaskBus() {
              @Override
              public Future<Void> open(TaskService service) {
                return Future.succeededFuture();
              }

              @Override
              public Future<Void> close() {
                return Future.succeededFuture();
              }

              @Override
              public void publish(String address, JsonObject event) {
                events.add(event.copy().put("address", address));
              }
            })
        .include(router);
  }

  TaskManager started(TaskRouter router) {
    TaskManager manager = manager(router);
    manager.start();
    time.run();
    return manager;
  }

  /** The only task of a manager. */
  TaskInfo info(TaskManager manager) {
    return manager.list().result().get(0);
  }

  long count(TaskManager manager, TaskOutcome outcome) {
    return info(manager).getCounts().getLong(outcome.name(), 0L);
  }

  /** A body that takes this long on the simulated clock. */
  Future<Void> takes(Duration duration) {
    Promise<Void> promise = Promise.promise();
    time.schedule(duration.toNanos(), promise::tryComplete);
    return promise.future();
  }

  /** A machine's view of time. */
  record Offset(Scheduler time, Duration offset) implements Scheduler {
    @Override
    public long nanoTime() {
      return time.nanoTime();
    }

    @Override
    public Instant now() {
      return time.now().plus(offset);
    }

    @Override
    public void execute(Runnable action) {
      time.execute(action);
    }

    @Override
    public Timer schedule(long delay, Runnable action) {
      return time.schedule(delay, action);
    }

    @Override
    public boolean isCurrent() {
      return time.isCurrent();
    }
  }

  /** Elected by the test. */
  static final class Term implements Leadership {
    private boolean leads;
    private long fence;

    /** What waits for the beginning or the end of a term. */
    final Set<Runnable> gained = new LinkedHashSet<>();

    final Set<Runnable> lost = new LinkedHashSet<>();
    final List<Future<Void>> runs = new ArrayList<>();

    void elect() {
      leads = true;
      fence++;
      runAll(gained);
    }

    void depose() {
      leads = false;
      runAll(lost);
    }

    @Override
    public String election() {
      return "main";
    }

    @Override
    public boolean isLeader() {
      return leads;
    }

    @Override
    public long fencingToken() {
      return leads ? fence : 0;
    }

    @Override
    public Watch onLeadership(Runnable action) {
      return add(gained, action, leads);
    }

    @Override
    public Watch onLoss(Runnable action) {
      return add(lost, action, !leads);
    }

    private static Watch add(Set<Runnable> actions, Runnable action, boolean now) {
      if (now) {
        action.run();
        return () -> {};
      }
      Runnable own = action::run;
      actions.add(own);
      return () -> actions.remove(own);
    }

    private static void runAll(Set<Runnable> actions) {
      List<Runnable> due = List.copyOf(actions);
      actions.clear();
      due.forEach(Runnable::run);
    }

    @Override
    public void during(Future<Void> run) {
      runs.add(run);
    }
  }

  /** A store that can be unreachable, and counts its calls. */
  static final class Store implements SyncBackend {
    private final SyncBackend backend;
    boolean away;
    int calls;

    /** Calls of these names are carried out when the future completes. */
    final Map<String, Future<Void>> hung = new HashMap<>();

    /** Calls of these names are carried out, and their answers lost. */
    final Set<String> deaf = new HashSet<>();

    private final DrivenTime driven;

    /**
     * @param driven waits for every answer; null when they are complete at once
     */
    Store(SyncBackend backend, DrivenTime driven) {
      this.backend = backend;
      this.driven = driven;
    }

    private <T> Future<T> call(String name, Supplier<Future<T>> call) {
      calls++;
      if (away) {
        return Future.failedFuture(ErrorCode.BACKEND_UNAVAILABLE.failure("the store is away"));
      }
      Future<Void> until = hung.get(name);
      Future<T> answer = until == null ? call.get() : until.compose(now -> call.get());
      if (deaf.contains(name)) {
        return answer.compose(
            lost -> Future.failedFuture(ErrorCode.BACKEND_UNAVAILABLE.failure("no answer")));
      }
      return driven == null ? answer : driven.watched(answer);
    }

    @Override
    public Future<Acquisition> acquire(LeaseRequest request) {
      return call("acquire", () -> backend.acquire(request));
    }

    @Override
    public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
      return call("extend", () -> backend.extend(key, token, duration));
    }

    @Override
    public Future<Boolean> release(LeaseKey key, String token) {
      return call("release", () -> backend.release(key, token));
    }

    @Override
    public Future<Void> leave(LeaseKey key, String token) {
      return call("release", () -> backend.leave(key, token));
    }

    @Override
    public Future<Optional<Lease>> find(LeaseKey key) {
      return call("find", () -> backend.find(key));
    }

    @Override
    public Future<Boolean> owns(LeaseKey key, String token) {
      return call("owns", () -> backend.owns(key, token));
    }

    @Override
    public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
      return call("list", () -> backend.list(kind, prefix, page, limit));
    }

    @Override
    public Future<Boolean> revoke(LeaseKey key) {
      return call("revoke", () -> backend.revoke(key));
    }

    @Override
    public Watch watch(LeaseKey key, Runnable hint) {
      return backend.watch(key, hint);
    }

    @Override
    public Future<Boolean> advance(String name, long mark) {
      return call("advance", () -> backend.advance(name, mark));
    }

    @Override
    public Future<Optional<Register>> register(String name) {
      return call("register", () -> backend.register(name));
    }

    @Override
    public Future<Boolean> retreat(String name, long mark) {
      return call("retreat", () -> backend.retreat(name, mark));
    }

    @Override
    public Future<Void> ping() {
      return call("ping", backend::ping);
    }

    @Override
    public Future<Void> close() {
      return backend.close();
    }
  }
}
