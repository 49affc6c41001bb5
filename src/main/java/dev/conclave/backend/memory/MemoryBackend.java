package dev.conclave.backend.memory;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.support.HintRegistry;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Leases in this process's memory: for tests, demonstrations and applications of one process. It is
 * also the reference for the meaning of {@link SyncBackend}.
 *
 * <ol>
 *   <li>One concurrent map from key to record; {@code compute} is the atomic step.
 *   <li>The clock is the scheduler's monotonic one, which starts at the wall clock's time at
 *       creation: leases expire correctly whatever happens to the wall clock.
 *   <li>Fencing tokens grow over all keys together, so that records without content can go at once
 *       and idle keys leave nothing behind.
 *   <li>Records that are not used again are removed once the map has doubled since the last sweep.
 *   <li>Futures are complete when a call returns. Hints and notifications run after the step, one
 *       after the other; those that one of them causes run when it has returned. So their
 *       exceptions do not fail the step, and a long queue does not make a deep stack.
 * </ol>
 */
public final class MemoryBackend implements SyncBackend {
  private static final long OFFER_MICROS = SyncBackend.OFFER.toMillis() * 1000;

  private static final int SWEEP_FROM = 1024;

  private final Scheduler scheduler;
  private final long epochMicros;
  private final long startNanos;
  private final AtomicLong lastFence = new AtomicLong();
  private final Map<LeaseKey, MemoryRecord> records = new ConcurrentHashMap<>();
  private final HintRegistry watches = new HintRegistry();
  private final ThreadLocal<Deque<Runnable>> calling = new ThreadLocal<>();
  private final AtomicInteger sweepAt = new AtomicInteger(SWEEP_FROM);
  private final Map<String, Long> registers = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** A backend of its own, empty, on the scheduler's clock. */
  public MemoryBackend(Scheduler scheduler) {
    this.scheduler = scheduler;
    this.startNanos = scheduler.nanoTime();
    this.epochMicros = Math.multiplyExact(scheduler.now().toEpochMilli(), 1000L);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return step(
        () -> {
          Acquiring acquiring = new Acquiring(request);
          records.compute(request.key(), acquiring);
          if (acquiring.changesHands) {
            hint(request.key());
          }
          sweep();
          return acquiring.answer;
        });
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return step(
        () -> {
          LeaseRequest.checkToken(token);
          LeaseRequest.checkDuration(duration);
          boolean[] extended = new boolean[1];
          records.computeIfPresent(
              key,
              (k, record) -> {
                long now = now();
                extended[0] = record.extend(token, duration, now);
                return keep(record, now);
              });
          return extended[0];
        });
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return step(
        () -> {
          LeaseRequest.checkToken(token);
          return vacate(key, (record, now) -> record.release(token, now, OFFER_MICROS));
        });
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return step(
        () -> {
          LeaseRequest.checkToken(token);
          vacate(key, (record, now) -> record.leave(token, now, OFFER_MICROS));
          return null;
        });
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return step(() -> vacate(key, (record, now) -> record.revoke(now, OFFER_MICROS)));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return step(() -> Optional.ofNullable(live(key)));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return step(
        () -> {
          LeaseRequest.checkToken(token);
          boolean[] owns = new boolean[1];
          records.computeIfPresent(
              key,
              (k, record) -> {
                owns[0] = record.isHeldBy(token, now());
                return record;
              });
          return owns[0];
        });
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return step(
        () -> {
          LeasePage.checkLimit(limit);
          List<LeaseKey> keys =
              records.keySet().stream()
                  .filter(key -> key.kind() == kind && key.name().startsWith(prefix))
                  .filter(key -> page == null || key.name().compareTo(page) > 0)
                  .sorted(Comparator.comparing(LeaseKey::name))
                  .toList();
          List<Lease> leases = new ArrayList<>();
          for (int i = 0; i < keys.size(); i++) {
            if (leases.size() == limit) {
              return new LeasePage(leases, keys.get(i - 1).name());
            }
            Lease lease = live(keys.get(i));
            if (lease != null) {
              leases.add(lease);
            }
          }
          return new LeasePage(leases, null);
        });
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return watches.add(key.toString(), hint);
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return step(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          boolean[] moved = new boolean[1];
          registers.compute(
              name,
              (n, held) -> {
                moved[0] = held == null || mark > held;
                return moved[0] ? Long.valueOf(mark) : held;
              });
          return moved[0];
        });
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return step(
        () -> {
          LeaseKey.checkName(name);
          Long held = registers.get(name);
          return Optional.of(
              new Register(
                  held == null ? OptionalLong.empty() : OptionalLong.of(held),
                  Instant.EPOCH.plus(now(), ChronoUnit.MICROS)));
        });
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return step(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          boolean[] moved = new boolean[1];
          registers.computeIfPresent(
              name,
              (n, held) -> {
                moved[0] = mark < held;
                return moved[0] ? Long.valueOf(mark) : held;
              });
          return moved[0];
        });
  }

  @Override
  public Future<Void> ping() {
    return step(() -> null);
  }

  @Override
  public Future<Void> close() {
    closed = true;
    records.clear();
    watches.clear();
    registers.clear();
    return Future.succeededFuture();
  }

  /** How many records and watches are in memory. */
  int footprint() {
    return records.size() + watches.records().size();
  }

  private <T> Future<T> step(Supplier<T> step) {
    if (closed) {
      return Future.failedFuture(ErrorCode.CLOSED.failure("the memory backend is closed"));
    }
    try {
      return Future.succeededFuture(step.get());
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
  }

  /** The atomic step of an acquire, and its outcome. */
  private final class Acquiring implements BiFunction<LeaseKey, MemoryRecord, MemoryRecord> {
    private final LeaseRequest request;
    private Acquisition answer;
    private boolean changesHands;

    private Acquiring(LeaseRequest request) {
      this.request = request;
    }

    @Override
    public MemoryRecord apply(LeaseKey key, MemoryRecord found) {
      MemoryRecord record = found == null ? new MemoryRecord(key) : found;
      long now = now();
      boolean mine = record.isHeldBy(request.token(), now);
      answer = record.acquire(request, now, MemoryBackend.this::nextFence);
      changesHands = answer.granted() && !mine;
      return record;
    }
  }

  @FunctionalInterface
  private interface Ending {
    boolean end(MemoryRecord record, long now);
  }

  /** An atomic step after which the lease may be offered to another token, and its outcome. */
  private final class Vacating implements BiFunction<LeaseKey, MemoryRecord, MemoryRecord> {
    private final Ending ending;
    private boolean vacated;
    private MemoryRecord.Position next;
    private boolean timeLapse;

    private Vacating(Ending ending) {
      this.ending = ending;
    }

    @Override
    public MemoryRecord apply(LeaseKey key, MemoryRecord record) {
      long now = now();
      MemoryRecord.Position before = record.offer(now);
      vacated = ending.end(record, now);
      MemoryRecord.Position after = record.offer(now);
      next = after == before ? null : after;
      timeLapse = record.timeLapse(now);
      return keep(record, now);
    }
  }

  private boolean vacate(LeaseKey key, Ending ending) {
    Vacating vacating = new Vacating(ending);
    records.computeIfPresent(key, vacating);
    if (vacating.timeLapse) {
      scheduler.execute(() -> lapseIn(key, OFFER_MICROS));
    }
    if (vacating.next != null) {
      call(vacating.next.notification());
    }
    if (vacating.vacated) {
      hint(key);
    }
    return vacating.vacated;
  }

  private void lapseIn(LeaseKey key, long micros) {
    scheduler.schedule(micros * 1000, () -> lapse(key));
  }

  /** Most offers have been claimed by now; under contention a later one may be live. */
  private void lapse(LeaseKey key) {
    if (!closed) {
      long[] left = new long[1];
      vacate(
          key,
          (record, now) -> {
            left[0] = record.lapsed(now, OFFER_MICROS);
            return false;
          });
      if (left[0] > 0) {
        lapseIn(key, left[0]);
      }
    }
  }

  private void hint(LeaseKey key) {
    if (!watches.isEmpty()) {
      call(() -> watches.changed(key.toString()));
    }
  }

  private void call(Runnable hint) {
    Deque<Runnable> waiting = calling.get();
    if (waiting != null) {
      waiting.add(hint);
      return;
    }
    Deque<Runnable> due = new ArrayDeque<>(List.of(hint));
    calling.set(due);
    try {
      for (Runnable next = due.poll(); next != null; next = due.poll()) {
        CallerContext.guarded(next);
      }
    } finally {
      calling.remove();
    }
  }

  private void sweep() {
    int limit = sweepAt.get();
    if (records.size() >= limit && sweepAt.compareAndSet(limit, Integer.MAX_VALUE)) {
      records.keySet().forEach(key -> records.computeIfPresent(key, (k, r) -> keep(r, now())));
      sweepAt.set(Math.max(SWEEP_FROM, 2 * records.size()));
    }
  }

  private Lease live(LeaseKey key) {
    Lease[] lease = new Lease[1];
    records.computeIfPresent(
        key,
        (k, record) -> {
          long now = now();
          lease[0] = record.isHeld(now) ? record.view(now) : null;
          return keep(record, now);
        });
    return lease[0];
  }

  private static MemoryRecord keep(MemoryRecord record, long now) {
    return record.isBlank(now) ? null : record;
  }

  private long nextFence(long now) {
    return lastFence.accumulateAndGet(now, (last, at) -> Math.max(last + 1, at));
  }

  private long now() {
    return epochMicros + (scheduler.nanoTime() - startNanos) / 1000;
  }
}
