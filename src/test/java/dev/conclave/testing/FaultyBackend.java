package dev.conclave.testing;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A backend that misbehaves as a test says, operation by operation, and counts what it is asked.
 * What no fault is set for passes through.
 */
public final class FaultyBackend implements SyncBackend {
  /** What can be asked of a backend. */
  public enum Op {
    ACQUIRE,
    EXTEND,
    RELEASE,
    FIND,
    OWNS,
    LIST,
    REVOKE,
    ADVANCE,
    REGISTER,
    RETREAT,
    PING
  }

  /** What becomes of a call. */
  public interface Fault {
    /** Its answer. */
    <T> Future<T> apply(Supplier<Future<T>> call);
  }

  private final SyncBackend backend;
  private final Scheduler scheduler;
  private final Map<Op, Fault> faults = new ConcurrentHashMap<>();
  private final Map<Op, AtomicInteger> calls = new EnumMap<>(Op.class);
  private volatile boolean hints = true;

  /** Passes everything on; the scheduler is for {@link #delay}. */
  public FaultyBackend(SyncBackend backend, Scheduler scheduler) {
    this.backend = backend;
    this.scheduler = scheduler;
    for (Op op : Op.values()) {
      calls.put(op, new AtomicInteger());
    }
  }

  /** From now on this becomes of the operation. */
  public FaultyBackend on(Op op, Fault fault) {
    faults.put(op, fault);
    return this;
  }

  /** From now on this becomes of every operation. */
  public FaultyBackend onAll(Fault fault) {
    for (Op op : Op.values()) {
      on(op, fault);
    }
    return this;
  }

  /** The operation works again. */
  public FaultyBackend heal(Op op) {
    faults.remove(op);
    return this;
  }

  /** Everything works again. */
  public FaultyBackend heal() {
    faults.clear();
    hints = true;
    return this;
  }

  /** From now on every hint and every turn is lost. */
  public FaultyBackend dropHints() {
    hints = false;
    return this;
  }

  /** How often the operation was asked for, whatever became of it. */
  public int calls(Op op) {
    return calls.get(op).get();
  }

  /** Not executed; answered with an error. */
  public static Fault fail() {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        return Future.failedFuture(broken());
      }
    };
  }

  /** Not executed; answered with this. */
  public static Fault failing(Throwable failure) {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        return Future.failedFuture(failure);
      }
    };
  }

  /** Not executed, never answered. */
  public static Fault hang() {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        return Promise.<T>promise().future();
      }
    };
  }

  /** Executed; answered with an error all the same. */
  public static Fault loseAnswer() {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        return call.get().transform(answer -> Future.failedFuture(broken()));
      }
    };
  }

  /** Executed, never answered. */
  public static Fault executeAndHang() {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        call.get();
        return Promise.<T>promise().future();
      }
    };
  }

  /** Thrown instead of answered. */
  public static Fault throwing(RuntimeException failure) {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        throw failure;
      }
    };
  }

  /** Executed after the first time, and answered after the second on top. */
  public Fault delay(Duration before, Duration after) {
    return new Fault() {
      @Override
      public <T> Future<T> apply(Supplier<Future<T>> call) {
        Promise<T> promise = Promise.promise();
        later(before, () -> call.get().onComplete(a -> later(after, () -> promise.handle(a))));
        return promise.future();
      }
    };
  }

  private void later(Duration delay, Runnable action) {
    if (delay.isZero()) {
      action.run();
    } else if (scheduler.isCurrent()) {
      scheduler.schedule(delay.toNanos(), action);
    } else {
      scheduler.execute(() -> scheduler.schedule(delay.toNanos(), action));
    }
  }

  private static Throwable broken() {
    return ErrorCode.BACKEND_UNAVAILABLE.failure("the connection broke");
  }

  private <T> Future<T> call(Op op, Supplier<Future<T>> call) {
    calls.get(op).incrementAndGet();
    Fault fault = faults.get(op);
    return fault == null ? call.get() : fault.apply(call);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    LeaseRequest.Waiter waiter = request.waiter();
    LeaseRequest passed =
        waiter == null
            ? request
            : request.waiting(
                waiter.patience(),
                () -> {
                  if (hints) {
                    waiter.notification().run();
                  }
                });
    return call(Op.ACQUIRE, () -> backend.acquire(passed));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return call(Op.EXTEND, () -> backend.extend(key, token, duration));
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return call(Op.RELEASE, () -> backend.release(key, token));
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return call(Op.RELEASE, () -> backend.leave(key, token));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return call(Op.FIND, () -> backend.find(key));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return call(Op.OWNS, () -> backend.owns(key, token));
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return call(Op.LIST, () -> backend.list(kind, prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return call(Op.REVOKE, () -> backend.revoke(key));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return backend.watch(
        key,
        () -> {
          if (hints) {
            hint.run();
          }
        });
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return call(Op.ADVANCE, () -> backend.advance(name, mark));
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return call(Op.REGISTER, () -> backend.register(name));
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return call(Op.RETREAT, () -> backend.retreat(name, mark));
  }

  @Override
  public Future<Void> ping() {
    return call(Op.PING, backend::ping);
  }

  @Override
  public Future<Void> close() {
    return backend.close();
  }
}
