package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Attempt.Answer;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The requests that wait for one lock in this process, in the order of their arrival.
 *
 * <ol>
 *   <li>Only the first one makes attempts. It makes one as soon as it is the first.
 *   <li>After a refusal it sleeps until the earliest of: the backend's notification, the holder's
 *       expiry, a bounded fallback (notifications can be lost), its own deadline. Then it makes the
 *       next attempt.
 *   <li>An error of the backend is not a refusal: the next attempt follows after a pause that
 *       grows, until the deadline.
 *   <li>A grant counts only if the waiter still waits, its deadline is not over, and the lease is
 *       still valid by the clock here, counted from the sending. Otherwise it is released.
 *   <li>A waiter that ends without a grant after an attempt gives up its position in the backend's
 *       queue, and releases a lease whose answer was lost. An attempt that was refused left only a
 *       position, so only that is given up: the same token may hold the lock through another
 *       service.
 *   <li>A waiter leaves the queue before it completes, and the next becomes the first in a step of
 *       its own: the caller's handler may call back into this class.
 *   <li>A request of the token that holds the lock does not queue behind those that wait for its
 *       release. Whether a token holds the lock is read from the backend, only for tokens that may.
 * </ol>
 *
 * <p>Belongs to the scheduler's thread.
 */
final class WaitQueue {
  /** The longest sleep when no notification comes and the holder's lease is long. */
  static final long FALLBACK = Duration.ofSeconds(5).toNanos();

  private static final long MILLI = 1_000_000;

  /**
   * The patience of a position is a multiple of this, so that many requests are equal. It need not
   * be exact: waiters give up their positions themselves.
   */
  private static final long PATIENCE_STEP = 250 * MILLI;

  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final LockBackend lockBackend;
  private final Backoff backoff;
  private final Consumer<WaitQueue> emptied;
  private final Deque<Waiter> waiters = new ArrayDeque<>(2);

  /** The waiters whose callers can withdraw them. */
  private final Map<String, List<Waiter>> byToken = new HashMap<>();

  private Waiter first;
  private boolean attempting;
  private boolean attemptAgain;
  private int failures;
  private Scheduler.Timer retry = () -> {};
  private Throwable trouble;
  private Lease holder;
  private long holderSeenAt;
  private long lastGranted;
  private String lastToken;

  WaitQueue(
      Scheduler scheduler,
      SyncBackend backend,
      LockBackend lockBackend,
      Backoff backoff,
      Consumer<WaitQueue> emptied) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.lockBackend = lockBackend;
    this.backoff = backoff;
    this.emptied = emptied;
  }

  /** Adds the waiter, until its deadline at the latest. */
  void join(Waiter waiter) {
    waiters.add(waiter);
    if (waiter.withdrawable) {
      byToken.computeIfAbsent(waiter.token(), token -> new ArrayList<>(1)).add(waiter);
    }
    next();
    if (waiter.ended()) {
      return;
    }
    waiter.deadline =
        scheduler.schedule(
            waiter.endsAt() - scheduler.nanoTime(), () -> leave(waiter, outOfTime(waiter)));
    if (waiter != first && waiter.mayHold && !heldByAnother(waiter)) {
      attemptIfHolder(waiter);
    }
  }

  /** Ends the waits of this token. */
  void withdraw(String token) {
    for (Waiter waiter : List.copyOf(byToken.getOrDefault(token, List.of()))) {
      leave(waiter, ErrorCode.CLOSED.failure("the wait for " + waiter.key + " was withdrawn"));
    }
  }

  /** Ends every wait. */
  void close(Throwable reason) {
    for (Waiter waiter : List.copyOf(waiters)) {
      leave(waiter, reason);
    }
  }

  private void next() {
    while (first == null && !waiters.isEmpty()) {
      Waiter oldest = waiters.peek();
      if (oldest.endsAt() - scheduler.nanoTime() <= 0) {
        leave(oldest, outOfTime(oldest));
      } else {
        first = oldest;
        failures = 0;
        attempt(oldest);
      }
    }
  }

  private void leave(Waiter waiter, Throwable reason) {
    if (remove(waiter)) {
      if (waiter.attempted) {
        lockBackend.giveUp(waiter);
      }
      waiter.fail(reason);
    }
  }

  private boolean remove(Waiter waiter) {
    if (!waiters.remove(waiter)) {
      return false;
    }
    if (waiter.withdrawable) {
      List<Waiter> same = byToken.get(waiter.token());
      same.remove(waiter);
      if (same.isEmpty()) {
        byToken.remove(waiter.token());
      }
    }
    boolean wasFirst = waiter == first;
    if (wasFirst) {
      first = null;
      attempting = false;
      retry.cancel();
    }
    if (waiters.isEmpty()) {
      emptied.accept(this);
    } else if (wasFirst) {
      scheduler.execute(this::next);
    }
    return true;
  }

  private void attempt(Waiter waiter) {
    attempting = true;
    attemptAgain = false;
    retry.cancel();
    long left = waiter.endsAt() - scheduler.nanoTime();
    long steps = Math.min(2 * FALLBACK, Math.max(MILLI, left)) / PATIENCE_STEP;
    Duration patience = Duration.ofNanos((steps + 1) * PATIENCE_STEP);
    lockBackend
        .attempt(waiter, new LeaseRequest.Waiter(patience, () -> notified(waiter)))
        .onComplete(answer -> answered(waiter, answer));
  }

  private void notified(Waiter waiter) {
    CallerContext.run(
        scheduler,
        () -> {
          if (waiter == first) {
            if (attempting) {
              attemptAgain = true;
            } else {
              attempt(waiter);
            }
          }
        });
  }

  private void answered(Waiter waiter, AsyncResult<Answer> outcome) {
    if (waiter != first) {
      return;
    }
    attempting = false;
    if (outcome.failed()) {
      troubled(waiter, outcome.cause());
    } else if (outcome.result().acquisition() instanceof Acquisition.Refused refused) {
      refused(waiter, refused.holder());
    } else if (!granted(waiter, outcome.result())) {
      lockBackend.giveUp(waiter);
      troubled(waiter, LockFailures.late(waiter.request));
    }
  }

  private boolean granted(Waiter waiter, Answer answer) {
    long now = scheduler.nanoTime();
    if (!answer.isValid(now, waiter.leaseNanos())) {
      return false;
    }
    trouble = null;
    if (now - waiter.endsAt() > 0) {
      leave(waiter, outOfTime(waiter));
    } else {
      lastGranted = answer.fencingToken();
      lastToken = waiter.token();
      remove(waiter);
      waiter.grant(answer.fencingToken(), answer.sentAt());
    }
    return true;
  }

  private void refused(Waiter waiter, Lease holder) {
    this.holder = holder;
    holderSeenAt = scheduler.nanoTime();
    trouble = null;
    failures = 0;
    retryIn(waiter, attemptAgain ? 0 : Math.min(FALLBACK, holder.remaining().toNanos() + MILLI));
  }

  private void troubled(Waiter waiter, Throwable cause) {
    if (ErrorCode.BACKEND_UNAVAILABLE.is(cause)) {
      trouble = cause;
      retryIn(waiter, backoff.after(++failures));
    } else {
      leave(waiter, cause);
    }
  }

  private void retryIn(Waiter waiter, long delay) {
    retry.cancel();
    retry =
        scheduler.schedule(
            delay,
            () -> {
              if (waiter == first && !attempting) {
                attempt(waiter);
              }
            });
  }

  /** Whether the lock is known to be held with another token. */
  private boolean heldByAnother(Waiter waiter) {
    boolean grantedHere =
        lastToken != null && (holder == null || lastGranted >= holder.fencingToken());
    return grantedHere && !waiter.token().equals(lastToken);
  }

  private void attemptIfHolder(Waiter waiter) {
    lockBackend
        .request(() -> backend.owns(waiter.key, waiter.token()))
        .onSuccess(
            holds -> {
              if (holds && !waiter.ended() && waiter != first) {
                lockBackend
                    .attempt(waiter, null)
                    .onSuccess(
                        answer -> {
                          if (!waiter.ended()) {
                            granted(waiter, answer);
                          }
                        });
              }
            });
  }

  private Throwable outOfTime(Waiter waiter) {
    if (trouble != null) {
      return trouble;
    }
    return holder == null
        ? LockFailures.unanswered(waiter.request, backend)
        : LockFailures.timeout(
            waiter.request, holder, Duration.ofNanos(scheduler.nanoTime() - holderSeenAt));
  }

  /** One request for a lock, from its arrival to its completion. */
  static final class Waiter {
    final LeaseKey key;
    final LockRequest request;
    final long arrivedAt;

    /**
     * Whether the caller knows the token before it is granted, so that it can withdraw the wait.
     */
    final boolean withdrawable;

    /**
     * Whether the token may hold the lock already, and another request may have it: as a retry, or
     * as the request that is retried.
     */
    final boolean mayHold;

    final Promise<LockGrant> promise = Promise.promise();
    Scheduler.Timer deadline = () -> {};

    /** Whether an attempt was sent. */
    boolean attempted;

    /** Whether an attempt since the last refusal may have acquired a lease. */
    boolean mayHaveAcquired;

    /** When the first of those attempts was sent. */
    long unsureSince;

    /** The latest attempt. */
    Future<?> attempt = Future.succeededFuture();

    /** The fencing token of its grant, or 0. */
    long fencingToken;

    Waiter(LockRequest request, boolean tokenFromCaller, long arrivedAt) {
      this.key = LeaseKey.lock(request.getName());
      this.request = request;
      this.withdrawable = tokenFromCaller;
      this.mayHold = tokenFromCaller && !request.isNewToken();
      this.arrivedAt = arrivedAt;
    }

    String token() {
      return request.getToken();
    }

    long leaseNanos() {
      return request.getLeaseDuration() * MILLI;
    }

    long endsAt() {
      return arrivedAt + request.getWaitTimeout() * MILLI;
    }

    /** Whether the request has completed. */
    boolean ended() {
      return promise.future().isComplete();
    }

    /** Notes that an attempt is sent now. */
    void noteSent(long sentAt) {
      attempted = true;
      if (!mayHaveAcquired) {
        unsureSince = sentAt;
      }
      mayHaveAcquired = true;
    }

    /** Notes the answer to an attempt: after a refusal, the token has no lease. */
    void noteAnswer(Acquisition acquisition) {
      mayHaveAcquired = acquisition.granted();
    }

    void grant(long fencingToken, long sentAt) {
      deadline.cancel();
      this.fencingToken = fencingToken;
      promise.tryComplete(
          new LockGrant()
              .setName(request.getName())
              .setToken(request.getToken())
              .setFencingToken(fencingToken)
              .setLeaseDuration(request.getLeaseDuration())
              .setWaited((sentAt - arrivedAt) / MILLI));
    }

    void fail(Throwable failure) {
      deadline.cancel();
      promise.tryFail(failure);
    }
  }
}
