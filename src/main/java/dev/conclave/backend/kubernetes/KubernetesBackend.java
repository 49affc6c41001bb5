package dev.conclave.backend.kubernetes;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.ContextScheduler;
import dev.conclave.time.Deadline;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Leases in Kubernetes' own records: {@code coordination.k8s.io/v1} Lease objects, or ConfigMaps
 * with the annotation that came before them. {@code kubectl get lease} shows them, and electors by
 * client-go's rules compete for them correctly.
 *
 * <p>A write does not contain the server's clock, so time is observed: a lease is dead when <i>this
 * process</i> has seen its record unchanged for the whole duration, on its own monotonic clock. No
 * remote timestamp is compared with a local clock. Every write names the version it is based on.
 *
 * <ol>
 *   <li>A call runs on the context that the backend was made on; everything behind it is
 *       single-threaded, and the client and the timers belong to that context.
 *   <li>With the first call the configuration's files are read and the client is made; a failure is
 *       retried with the next call. A disk may hang: a call waits for the files at most for the
 *       timeout, which starts again for the call itself.
 *   <li>The future completes on the caller's context. It always does: every request behind it has a
 *       deadline.
 *   <li>{@link #close()} fails every call under way with {@link ErrorCode#CLOSED}.
 * </ol>
 *
 * <p>Nothing is handed over: a release does not reserve the lease. The waiters of a process are
 * notified when the watch shows that the key became free or changed hands, and when its holder
 * expires. Objects are never deleted.
 */
public final class KubernetesBackend implements SyncBackend {
  private final Vertx vertx;
  private final KubernetesConfig config;
  private final ContextScheduler scheduler;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Promise<Void> end = Promise.promise();

  // The fields below are used on the backend's context only.
  private final Set<Promise<?>> underWay = new HashSet<>();
  private volatile Future<LeaseOperations> leases;

  KubernetesBackend(Vertx vertx, KubernetesConfig config) {
    this.vertx = vertx;
    this.config = config;
    this.scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return call(leases -> leases.acquire(request));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return checked(
        () -> {
          LeaseRequest.checkToken(token);
          LeaseRequest.checkDuration(duration);
        },
        leases -> leases.extend(key, token, duration));
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return checked(() -> LeaseRequest.checkToken(token), leases -> leases.release(key, token));
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return checked(() -> LeaseRequest.checkToken(token), leases -> leases.leave(key, token));
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return call(leases -> leases.revoke(key));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return call(leases -> leases.find(key));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return checked(() -> LeaseRequest.checkToken(token), leases -> leases.owns(key, token));
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return checked(
        () -> LeasePage.checkLimit(limit), leases -> leases.list(kind, prefix, page, limit));
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return checked(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
        },
        leases -> leases.advance(name, mark));
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return checked(() -> LeaseKey.checkName(name), leases -> leases.register(name));
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return checked(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
        },
        leases -> leases.retreat(name, mark));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    AtomicBoolean ended = new AtomicBoolean();
    Runnable mine =
        () -> {
          if (!ended.get()) {
            hint.run();
          }
        };
    Watch[] open = {() -> {}}; // used on the backend's context
    // A hint cannot wait for a call to open the backend: its watch opens it.
    call(
        leases -> {
          if (!ended.get()) {
            open[0] = leases.watch(key, mine);
          }
          return Future.succeededFuture();
        });
    return () -> {
      if (ended.compareAndSet(false, true)) {
        call(
            leases -> {
              open[0].close();
              return Future.succeededFuture();
            });
      }
    };
  }

  @Override
  public Future<Void> ping() {
    return call(LeaseOperations::ping);
  }

  @Override
  public String trouble() {
    LeaseOperations open = leases == null ? null : leases.result();
    return open == null ? null : open.trouble();
  }

  @Override
  public Future<Void> close() {
    if (closed.compareAndSet(false, true)) {
      CallerContext.run(scheduler, this::shutDown);
    }
    return CallerContext.answer(end.future());
  }

  /** How many keys have operations, watches or waiters. */
  Future<Integer> footprint() {
    return call(leases -> Future.succeededFuture(leases.footprint()));
  }

  private void shutDown() {
    Set.copyOf(underWay).forEach(promise -> promise.tryFail(closedFailure()));
    underWay.clear();
    scheduler.close();
    Future<Void> ended =
        leases == null
            ? Future.succeededFuture()
            : leases.compose(LeaseOperations::close).otherwiseEmpty();
    if (leases != null && !leases.isComplete()) {
      end.complete(); // no client exists yet, and the disk may hang
    } else {
      ended.onComplete(done -> end.complete());
    }
  }

  private <T> Future<T> checked(Runnable check, Function<LeaseOperations, Future<T>> operation) {
    try {
      check.run();
    } catch (RuntimeException refused) {
      return Future.failedFuture(closed.get() ? closedFailure() : refused);
    }
    return call(operation);
  }

  private <T> Future<T> call(Function<LeaseOperations, Future<T>> operation) {
    if (closed.get()) {
      return Future.failedFuture(closedFailure());
    }
    return CallerContext.call(scheduler, () -> run(operation));
  }

  private <T> Future<T> run(Function<LeaseOperations, Future<T>> operation) {
    if (closed.get()) {
      return Future.failedFuture(closedFailure());
    }
    Promise<T> outcome = Promise.promise();
    underWay.add(outcome);
    Deadline deadline = new Deadline(scheduler, config.timeout());
    deadline
        .bound(opened(), () -> deadline.failure("the disk with the files of the configuration"))
        .compose(operation)
        .onComplete(
            done -> {
              underWay.remove(outcome);
              if (done.succeeded()) {
                outcome.tryComplete(done.result());
              } else {
                outcome.tryFail(explained(done.cause(), leases.result()));
              }
            });
    return outcome.future();
  }

  private Future<LeaseOperations> opened() {
    if (leases == null || leases.failed()) {
      leases =
          config
              .resolve(vertx, scheduler)
              .map(
                  endpoint ->
                      new LeaseOperations(
                          scheduler,
                          new ApiClient(
                              vertx,
                              scheduler,
                              endpoint,
                              config.resource().path(endpoint.namespace()),
                              config.resource().qualifiedName(),
                              config.connections()),
                          config.resource(),
                          config.timeout()));
    }
    return leases;
  }

  /** A failure without our codes comes from parsing a response; its text is not repeated. */
  private static Throwable explained(Throwable cause, LeaseOperations from) {
    return cause instanceof ServiceException
        ? cause
        : ErrorCode.BACKEND_UNAVAILABLE.failure(
            "a response of the API server"
                + (from == null ? "" : " " + from.server())
                + " cannot be understood ("
                + cause.getClass().getSimpleName()
                + ")");
  }

  private static RuntimeException closedFailure() {
    return ErrorCode.CLOSED.failure("the kubernetes backend is closed");
  }
}
