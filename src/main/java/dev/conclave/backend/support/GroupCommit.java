package dev.conclave.backend.support;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;

/**
 * Sends requests in batches: those that arrive while others are under way are sent together. A lone
 * request is sent at once; it is never delayed to fill a batch.
 *
 * <ol>
 *   <li>A request that finds a free slot goes out at once, alone. What else is requested in the
 *       same turn of the event loop is sent together at its end, in the next free slot. Requests
 *       that arrive while all slots are taken are sent together when one is free again.
 *   <li>When many requests are under way or waiting, a slot that becomes free takes at most its
 *       share of them. So the callers work on the answers of one batch while the server works on
 *       the next; with one large batch, each would wait for the other.
 *   <li>With {@link KeyRules}, requests of one key are under way one after the other: see {@link
 *       WaitingByKey}. Without, order is kept within a batch.
 *   <li>All answers of a batch are delivered, each on the context its request came from, before the
 *       next batch is formed. So the callers' next requests are sent together too.
 *   <li>Every request ends within the timeout, sent or not, with {@link
 *       ErrorCode#BACKEND_UNAVAILABLE}. When all requests of a batch have ended in this way, the
 *       batch is abandoned: its slot is free again, and the transport is notified that it stalled.
 *   <li>Each request has an answer of its own, so one failure does not affect the others. An
 *       exception of a listener goes to the exception handler of its context.
 *   <li>Batches are sent by one loop, without recursion, however soon the transport responds. After
 *       {@link #ROUNDS} batches the rest waits for the scheduler's next turn, so that other users
 *       of the thread can run.
 * </ol>
 *
 * <p>State belongs to the scheduler's thread.
 *
 * @param <Q> the type of a request
 * @param <A> the type of its result
 */
public final class GroupCommit<Q, A> {

  /**
   * The limits of batches, and the timeout.
   *
   * @param timeout within which every request ends
   * @param maxBatch how many requests go out together at most
   * @param maxInFlight how many batches are under way at once at most
   */
  public record Limits(Duration timeout, int maxBatch, int maxInFlight) {}

  /** Fewer requests than this are not divided among the slots, because every batch has a cost. */
  private static final int WORTH_SHARING = 16;

  /** How many batches are sent before other users of the thread can run. */
  private static final int ROUNDS = 64;

  private final Scheduler scheduler;
  private final Limits limits;
  private final Transport<Q, A> transport;
  private final KeyRules<Q> rules;

  private final Queue<Call<Q, A>> intake = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean intakeScheduled = new AtomicBoolean();
  private final Waiting<Q, A> waiting;
  private final Deque<Call<Q, A>> byAge = new ArrayDeque<>();
  private long admitted;
  private int inFlight;
  private int underWay;
  private boolean delivering;
  private boolean sending;
  private boolean flushScheduled;
  private boolean armed;
  private boolean closed;

  /** Any requests may be sent together; the transport keeps their order. */
  public GroupCommit(Scheduler scheduler, Limits limits, Transport<Q, A> transport) {
    this(scheduler, limits, transport, null);
  }

  /** Requests are sent in the order that the rules allow. */
  public GroupCommit(
      Scheduler scheduler, Limits limits, Transport<Q, A> transport, KeyRules<Q> rules) {
    this.scheduler = scheduler;
    this.limits = limits;
    this.transport = transport;
    this.rules = rules;
    this.waiting = rules == null ? new InOrder<>() : new WaitingByKey<>(rules);
  }

  /**
   * Submits a request, from any thread. The future completes on the caller's context if there is
   * one.
   */
  public Future<A> submit(Q request) {
    Call<Q, A> call;
    try {
      call = new Call<>(request, rules == null ? null : rules.key(request));
    } catch (RuntimeException noKey) {
      return Future.failedFuture(noKey);
    }
    if (scheduler.isCurrent()) {
      admit(call);
    } else {
      intake.add(call);
      if (intakeScheduled.compareAndSet(false, true)) {
        scheduler.execute(this::drainIntake);
      }
    }
    return call.promise.future();
  }

  /** Fails everything that is under way, and every later request, with {@link ErrorCode#CLOSED}. */
  public void close() {
    if (scheduler.isCurrent()) {
      shut();
    } else {
      scheduler.execute(this::shut);
    }
  }

  private void drainIntake() {
    intakeScheduled.set(false);
    whileDelivering(
        () -> {
          for (Call<Q, A> call = intake.poll(); call != null; call = intake.poll()) {
            admit(call);
          }
        });
    flush();
  }

  /** Requests that arrive meanwhile are collected, and sent together afterwards. */
  private void whileDelivering(Runnable action) {
    boolean nested = delivering;
    delivering = true;
    try {
      action.run();
    } finally {
      delivering = nested;
    }
  }

  private void admit(Call<Q, A> call) {
    if (closed) {
      deliverFailure(List.of(call), closedFailure());
      return;
    }
    call.number = admitted++;
    call.deadline = scheduler.nanoTime() + limits.timeout.toNanos();
    waiting.add(call);
    byAge.add(call);
    arm();
    if (!flushScheduled && !delivering) {
      flush();
      flushAtTheEndOfTheTurn();
    }
  }

  private void flushAtTheEndOfTheTurn() {
    if (!flushScheduled) {
      flushScheduled = true;
      scheduler.execute(
          () -> {
            flushScheduled = false;
            flush();
          });
    }
  }

  /** How many requests one slot takes: an equal share of all that are under way or waiting. */
  private int share() {
    int all = underWay + waiting.size();
    int even = (all + limits.maxInFlight - 1) / limits.maxInFlight;
    return Math.min(limits.maxBatch, Math.max(WORTH_SHARING, even));
  }

  private void flush() {
    flush(limits.maxBatch);
  }

  private void flush(int most) {
    if (sending || delivering) {
      return; // the loop or delivery that is running flushes when it is done
    }
    sending = true;
    try {
      for (int round = 0; isFree(); round++) {
        if (round == ROUNDS) {
          flushAtTheEndOfTheTurn();
          return;
        }
        Batch<Q, A> batch = new Batch<>(waiting.take(most));
        if (batch.entries.isEmpty()) {
          return;
        }
        send(batch);
      }
    } finally {
      sending = false;
    }
  }

  private boolean isFree() {
    return !closed && inFlight < limits.maxInFlight && waiting.size() > 0;
  }

  private void send(Batch<Q, A> batch) {
    inFlight++;
    underWay += batch.entries.size();
    List<Q> requests = new ArrayList<>(batch.entries.size());
    for (Entry<Q, A> entry : batch.entries) {
      entry.calls().forEach(call -> call.batch = batch);
      requests.add(entry.request());
    }
    CallerContext.attempt(() -> transport.send(requests))
        .onComplete(result -> CallerContext.run(scheduler, () -> settle(batch, result)));
  }

  private void settle(Batch<Q, A> batch, AsyncResult<List<Future<A>>> result) {
    if (!batch.open) {
      return;
    }
    end(batch);
    deliver(
        batch.entries,
        i -> result.failed() ? Future.failedFuture(result.cause()) : at(result.result(), i));
    forgetDone();
    flush(share());
  }

  private void end(Batch<Q, A> batch) {
    batch.open = false;
    inFlight--;
    underWay -= batch.entries.size();
    waiting.ended(batch.entries);
  }

  private static <A> Future<A> at(List<Future<A>> answers, int i) {
    Future<A> answer = answers == null || i >= answers.size() ? null : answers.get(i);
    return answer != null
        ? answer
        : Future.failedFuture(new IllegalStateException("the transport left a request unanswered"));
  }

  private void deliverFailure(List<Call<Q, A>> calls, Throwable cause) {
    deliver(List.of(new Entry<>(null, calls)), i -> Future.failedFuture(cause));
  }

  private void deliver(List<Entry<Q, A>> entries, IntFunction<Future<A>> answers) {
    CallerContext.Deliveries deliveries = new CallerContext.Deliveries();
    whileDelivering(
        () -> {
          for (int i = 0; i < entries.size(); i++) {
            Future<A> answer = answers.apply(i);
            for (Call<Q, A> call : entries.get(i).calls()) {
              if (!call.done) {
                call.done = true;
                deliveries.add(call.context, () -> answer.onComplete(call.promise));
              }
            }
          }
        });
    deliveries.leave();
  }

  private void forgetDone() {
    while (!byAge.isEmpty() && byAge.peek().done) {
      byAge.poll();
    }
  }

  private void arm() {
    if (!armed && !byAge.isEmpty()) {
      armed = true;
      scheduler.schedule(byAge.peek().deadline - scheduler.nanoTime(), this::expire);
    }
  }

  private void expire() {
    armed = false;
    if (closed) {
      return;
    }
    List<Call<Q, A>> late = takeLate();
    if (!late.isEmpty()) {
      deliverFailure(
          late,
          ErrorCode.BACKEND_UNAVAILABLE.failure(
              "the backend did not answer within " + limits.timeout.toMillis() + " ms"));
      if (abandonBatchesOf(late)) {
        CallerContext.guarded(transport::stalled);
      }
    }
    arm();
    flush();
  }

  private List<Call<Q, A>> takeLate() {
    long now = scheduler.nanoTime();
    List<Call<Q, A>> late = new ArrayList<>();
    while (!byAge.isEmpty() && (byAge.peek().done || byAge.peek().deadline - now <= 0)) {
      Call<Q, A> call = byAge.poll();
      if (!call.done) {
        late.add(call);
      }
    }
    return late;
  }

  /** Whether a batch under way has no request left that a caller waits for. */
  private boolean abandonBatchesOf(List<Call<Q, A>> late) {
    boolean stalled = false;
    for (Call<Q, A> call : late) {
      Batch<Q, A> batch = call.batch;
      if (batch != null && batch.open && batch.entries.stream().allMatch(Entry::isDone)) {
        end(batch);
        stalled = true;
      }
    }
    return stalled;
  }

  private void shut() {
    if (closed) {
      return;
    }
    closed = true;
    List<Call<Q, A>> open = new ArrayList<>(byAge);
    byAge.clear();
    waiting.clear();
    deliverFailure(open, closedFailure());
  }

  private static Throwable closedFailure() {
    return ErrorCode.CLOSED.failure("the backend is closed");
  }

  /** Requests that were sent together. */
  static final class Batch<Q, A> {
    private final List<Entry<Q, A>> entries;
    private boolean open = true;

    private Batch(List<Entry<Q, A>> entries) {
      this.entries = entries;
    }
  }

  /** A caller's request. */
  static final class Call<Q, A> {
    final Q request;
    final Object key;
    final Context context = Vertx.currentContext();
    final Promise<A> promise = Promise.promise();
    Batch<Q, A> batch;
    long number;
    long deadline;
    boolean done;

    Call(Q request, Object key) {
      this.request = request;
      this.key = key;
    }
  }

  /** A request as it is sent, with the calls that its answer is for. */
  record Entry<Q, A>(Q request, List<Call<Q, A>> calls) {
    boolean isDone() {
      return calls.stream().allMatch(call -> call.done);
    }
  }

  /** In the order in which they came; any of them may be under way together. */
  private static final class InOrder<Q, A> implements Waiting<Q, A> {
    private final Deque<Call<Q, A>> calls = new ArrayDeque<>();

    @Override
    public void add(Call<Q, A> call) {
      calls.add(call);
    }

    @Override
    public List<Entry<Q, A>> take(int most) {
      List<Entry<Q, A>> taken = new ArrayList<>(Math.min(calls.size(), most));
      while (taken.size() < most && !calls.isEmpty()) {
        Call<Q, A> call = calls.poll();
        if (!call.done) {
          taken.add(new Entry<>(call.request, List.of(call)));
        }
      }
      return taken;
    }

    @Override
    public void ended(List<Entry<Q, A>> entries) {}

    @Override
    public int size() {
      return calls.size();
    }

    @Override
    public void clear() {
      calls.clear();
    }
  }
}
