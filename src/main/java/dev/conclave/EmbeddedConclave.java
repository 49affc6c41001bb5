package dev.conclave;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.config.ConfigSchema;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.lock.Locks;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskManagerOptions;
import dev.conclave.task.TaskRouter;
import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The implementation of {@link Conclave}, which the verticles use too.
 *
 * <ol>
 *   <li>What a caller requests is created and started once, and is owned here until {@link
 *       #close()}.
 *   <li>The lock service is created at its first use: an application that only uses elections does
 *       not need it.
 *   <li>Callers' code never runs under this object's lock.
 * </ol>
 */
final class EmbeddedConclave implements Conclave {
  static final String BACKEND = "backend";
  static final String START_TIMEOUT = "startTimeout";
  private static final String LOCKS = "locks";
  private static final Logger LOG = System.getLogger(Conclave.class.getName());

  /** A running election, and the options it was started with. */
  private record Running(LeaderElectionOptions options, LeaderElection election) {}

  private final Vertx vertx;
  private final SyncBackend backend;
  private final boolean ownsBackend;
  private final LockServiceOptions lockOptions;
  private final Map<String, Running> elections = new HashMap<>();
  private final List<TaskManager> managers = new ArrayList<>();
  private LockManager lockService;
  private Future<Void> closing;

  EmbeddedConclave(
      Vertx vertx, SyncBackend backend, boolean ownsBackend, LockServiceOptions lockOptions) {
    this.vertx = vertx;
    this.backend = backend;
    this.ownsBackend = ownsBackend;
    this.lockOptions = lockOptions;
  }

  static Future<EmbeddedConclave> connect(Vertx vertx, JsonObject config) {
    JsonObject checked = ConfigSchema.named("connect").read(config);
    return connect(
        vertx,
        checked,
        new LockServiceOptions(checked.getJsonObject(LOCKS, new JsonObject())).validate());
  }

  /**
   * Connects with the keys {@code backend}, {@code requires} and {@code startTimeout} of a checked
   * object.
   */
  static Future<EmbeddedConclave> connect(
      Vertx vertx, JsonObject config, LockServiceOptions locks) {
    return backend(vertx, config)
        .map(connected -> new EmbeddedConclave(vertx, connected, true, locks));
  }

  /**
   * A handle on the backend, once it can be reached. By default a start does not wait: a wrong
   * address fails at once, and the supervisor of the process decides how often to restart it.
   */
  static Future<SyncBackend> backend(Vertx vertx, JsonObject config) {
    RequiredStore.check(config);
    Duration startTimeout = Duration.ofMillis(config.getLong(START_TIMEOUT, 0L));
    return Backends.connect(vertx, config.getJsonObject(BACKEND), startTimeout);
  }

  /** The keys of a configuration that are not about the backend. */
  static JsonObject otherKeys(JsonObject config) {
    JsonObject others = config.copy();
    others.remove(BACKEND);
    others.remove(START_TIMEOUT);
    others.remove(RequiredStore.KEY);
    return others;
  }

  @Override
  public Locks locks() {
    return Locks.over(vertx, lockService());
  }

  synchronized LockManager lockService() {
    refuseIfClosed();
    if (lockService == null) {
      lockService = LockManager.create(vertx, backend, lockOptions);
    }
    return lockService;
  }

  @Override
  public LeaderElection election(String name) {
    return election(new LeaderElectionOptions().setElection(name));
  }

  @Override
  public LeaderElection election(LeaderElectionOptions options) {
    return started(running(options, false).election);
  }

  @Override
  public LeaderElection election(LeaderElectionOptions options, Consumer<LeaderElection> prepare) {
    LeaderElection election = running(options, true).election;
    try {
      prepare.accept(election);
    } catch (RuntimeException | Error thrown) {
      forget(election);
      throw thrown;
    }
    return started(election);
  }

  private static LeaderElection started(LeaderElection election) {
    election
        .start()
        .onFailure(
            failure ->
                LOG.log(
                    Level.WARNING,
                    "election '" + election.election() + "' has not started: " + failure));
    return election;
  }

  private synchronized Running running(LeaderElectionOptions options, boolean mustBeNew) {
    refuseIfClosed();
    Running known = elections.get(options.getElection());
    if (known == null) {
      LeaderElection election = LeaderElection.create(vertx, backend, options);
      known = new Running(new LeaderElectionOptions(options), election);
      elections.put(options.getElection(), known);
    } else if (mustBeNew) {
      throw inUse(options, "here already");
    } else if (!known.options.toJson().equals(options.toJson())) {
      throw inUse(options, "with other options");
    }
    return known;
  }

  private void forget(LeaderElection election) {
    synchronized (this) {
      elections.remove(election.election());
    }
    election.close();
  }

  private static RuntimeException inUse(LeaderElectionOptions options, String how) {
    return ErrorCode.INVALID.failure(
        "election '" + options.getElection() + "' runs " + how + "; one worker has one part in it");
  }

  @Override
  public TaskManager tasks(TaskRouter... routers) {
    return tasks(new TaskManagerOptions(), routers);
  }

  @Override
  public TaskManager tasks(TaskManagerOptions options, TaskRouter... routers) {
    TaskManager manager = TaskManager.create(vertx, backend, options);
    for (TaskRouter router : routers) {
      manager.include(router);
    }
    own(manager).start();
    return manager;
  }

  /** Adds a manager, which {@link #close()} closes. */
  synchronized TaskManager own(TaskManager manager) {
    refuseIfClosed();
    managers.add(manager);
    return manager;
  }

  @Override
  public SyncBackend backend() {
    return backend;
  }

  private void refuseIfClosed() {
    if (closing != null) {
      throw ErrorCode.CLOSED.failure("this Conclave was closed");
    }
  }

  @Override
  public Future<Void> close() {
    Promise<Void> closed = Promise.promise();
    synchronized (this) {
      if (closing != null) {
        return CallerContext.answer(closing);
      }
      closing = closed.future();
    }
    // From here on nothing is added to these collections.
    all(managers, TaskManager::close)
        .eventually(() -> all(elections.values(), running -> running.election.close()))
        .eventually(() -> lockService == null ? Future.succeededFuture() : lockService.close())
        .eventually(() -> ownsBackend ? backend.close() : Future.succeededFuture())
        .onComplete(closed);
    return CallerContext.answer(closing);
  }

  private static <T> Future<Void> all(Iterable<T> owned, Function<T, Future<Void>> stop) {
    List<Future<Void>> stopping = new ArrayList<>();
    owned.forEach(one -> stopping.add(stop.apply(one)));
    return Future.join(stopping).mapEmpty();
  }
}
