package dev.conclave.election;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** One worker's connection to a common store, with faults on demand. */
final class ScriptedBackend implements SyncBackend {
  /** The fault of a call. */
  enum Fault {
    NONE,
    /** The call fails and has not reached the store. */
    FAILS,
    /** The call reaches the store, but its answer does not come back: the caller gets a failure. */
    FAILS_AFTERWARDS,
    /** The call is on its way until {@link #deliver()}. */
    HANGS_ON_THE_WAY,
    /** The call fails; the store executes it all the same, at {@link #deliver()}. */
    CARRIED_OUT_LATER,
    /** The call has not reached the store and fails at {@link #deliver()}. */
    FAILS_LATE,
    /** The store has executed the call; its answer is on its way until {@link #deliver()}. */
    HANGS_ON_THE_WAY_BACK,
    /** The call throws. */
    THROWS
  }

  /** The calls an election makes. */
  enum Call {
    ACQUIRE,
    EXTEND,
    RELEASE,
    FIND
  }

  private final SyncBackend store;
  private final Map<Call, Fault> faults = new EnumMap<>(Call.class);
  private final Deque<Runnable> hanging = new ArrayDeque<>();
  private int watches;
  private boolean deaf;

  /** Every call, in order. */
  final List<Call> calls = new ArrayList<>();

  /** The tokens of every acquire, in order. */
  final List<String> tokens = new ArrayList<>();

  ScriptedBackend(SyncBackend store) {
    this.store = store;
  }

  ScriptedBackend on(Call call, Fault fault) {
    faults.put(call, fault);
    return this;
  }

  ScriptedBackend onAll(Fault fault) {
    for (Call call : Call.values()) {
      on(call, fault);
    }
    return this;
  }

  /** Neither hints nor queue notifications arrive. */
  ScriptedBackend deaf() {
    deaf = true;
    return this;
  }

  /** Delivers everything that hangs, in order. */
  void deliver() {
    for (Runnable next = hanging.poll(); next != null; next = hanging.poll()) {
      next.run();
    }
  }

  int hanging() {
    return hanging.size();
  }

  int watches() {
    return watches;
  }

  long count(Call call) {
    return calls.stream().filter(call::equals).count();
  }

  private <T> Future<T> run(Call call, Supplier<Future<T>> operation) {
    calls.add(call);
    RuntimeException down = ErrorCode.BACKEND_UNAVAILABLE.failure("the store is down");
    Promise<T> promise = Promise.promise();
    switch (faults.getOrDefault(call, Fault.NONE)) {
      case NONE:
        return operation.get();
      case FAILS:
        return Future.failedFuture(down);
      case FAILS_AFTERWARDS:
        operation.get();
        return Future.failedFuture(down);
      case HANGS_ON_THE_WAY:
        hanging.add(() -> operation.get().onComplete(promise));
        return promise.future();
      case CARRIED_OUT_LATER:
        hanging.add(operation::get);
        return Future.failedFuture(down);
      case FAILS_LATE:
        hanging.add(() -> promise.fail(down));
        return promise.future();
      case HANGS_ON_THE_WAY_BACK:
        Future<T> answer = operation.get();
        hanging.add(() -> answer.onComplete(promise));
        return promise.future();
      default:
        throw down;
    }
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    tokens.add(request.token());
    LeaseRequest sent =
        deaf
            ? new LeaseRequest(
                request.key(),
                request.token(),
                request.duration(),
                request.owner(),
                request.metadata(),
                null)
            : request;
    return run(Call.ACQUIRE, () -> store.acquire(sent));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return run(Call.EXTEND, () -> store.extend(key, token, duration));
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return run(Call.RELEASE, () -> store.release(key, token));
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return run(Call.RELEASE, () -> store.leave(key, token));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return run(Call.FIND, () -> store.find(key));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    watches++;
    Watch watch = deaf ? () -> {} : store.watch(key, hint);
    return () -> {
      watches--;
      watch.close();
    };
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Void> ping() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Void> close() {
    throw new UnsupportedOperationException();
  }
}
