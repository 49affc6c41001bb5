package dev.conclave.lock;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;
import dev.conclave.time.Validity;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Those who wait for one lock in this process, in the order of their arrival.
 *
 * <ol>
 *   <li>Only the first competes. It asks at once when it becomes the first.
 *   <li>Refused, it sleeps until the earliest of: its turn (the backend's hint), the holder's
 *       expiry, a bounded fallback (hints can be lost), its own deadline. Then it asks again.
 *   <li>An error of the backend is no refusal: it asks again after a pause that grows, until its
 *       deadline.
 *   <li>A grant counts only when the waiter still waits, its deadline is not over, and the lease is
 *       still valid by the clock here, reckoned from the sending. Otherwise it is released.
 *   <li>Whoever ends without a grant after having asked releases its token: that takes back its
 *       place in the backend's line, and a lease whose answer got lost.
 * </ol>
 *
 * <p>Belongs to the scheduler's thread.
 */
final class WaitLine {
  /** How long a waiter sleeps at most when no hint comes and the holder's lease is long. */
  static final long FALLBACK = Duration.ofSeconds(5).toNanos();

  private static final long FIRST_PAUSE = Duration.ofMillis(50).toNanos();
  private static final long LONGEST_PAUSE = Duration.ofSeconds(2).toNanos();
  private static final long MILLI = 1_000_000;

  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final Runnable emptied;
  private final Set<Waiter> waiters = new LinkedHashSet<>();

  private Waiter first;
  private boolean asking;
  private boolean askAgain;
  private boolean hasAsked;
  private long pause = FIRST_PAUSE;
  private Scheduler.Timer retry = () -> {};
  private Lease holder;
  private Throwable trouble;

  WaitLine(Scheduler scheduler, SyncBackend backend, Runnable emptied) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.emptied = emptied;
  }

  /** How many wait. */
  int size() {
    return waiters.size();
  }

  /** Lets the waiter stand in line until its deadline. */
  void join(Waiter waiter) {
    waiters.add(waiter);
    waiter.deadline =
        scheduler.schedule(
            deadlineOf(waiter) - scheduler.nanoTime(), () -> leave(waiter, outOfTime(waiter)));
    if (first == null) {
      next();
    }
  }

  /** Ends the wait of whoever waits with this token. */
  void withdraw(String token) {
    for (Waiter waiter : Set.copyOf(waiters)) {
      if (waiter.request.getToken().equals(token)) {
        leave(waiter, ErrorCode.CLOSED.failure("the wait for " + waiter.key + " was withdrawn"));
      }
    }
  }

  /** Ends every wait; completes when what had been asked for has been given back. */
  Future<Void> close(Throwable reason) {
    Future<Void> givenBack = Future.succeededFuture();
    for (Waiter waiter : Set.copyOf(waiters)) {
      boolean asked = waiter == first && hasAsked;
      waiters.remove(waiter);
      waiter.fail(reason);
      if (asked) {
        givenBack = giveBack(waiter);
      }
    }
    first = null;
    retry.cancel();
    emptied.run();
    return givenBack;
  }

  private void next() {
    retry.cancel();
    asking = false;
    askAgain = false;
    hasAsked = false;
    pause = FIRST_PAUSE;
    first = waiters.isEmpty() ? null : waiters.iterator().next();
    if (first == null) {
      emptied.run();
    } else {
      ask(first);
    }
  }

  private void leave(Waiter waiter, Throwable reason) {
    if (!waiters.remove(waiter)) {
      return;
    }
    boolean wasFirst = waiter == first;
    if (wasFirst && hasAsked) {
      giveBack(waiter);
    }
    waiter.fail(reason);
    if (wasFirst) {
      next();
    }
  }

  private void ask(Waiter waiter) {
    asking = true;
    askAgain = false;
    hasAsked = true;
    retry.cancel();
    long sentAt = scheduler.nanoTime();
    long patience = Math.min(2 * FALLBACK, Math.max(MILLI, deadlineOf(waiter) - sentAt));
    backend
        .acquire(
            waiter.request.lease(
                waiter.key,
                new LeaseRequest.Waiter(Duration.ofNanos(patience), () -> turnOf(waiter))))
        .onComplete(answer -> onScheduler(() -> answered(waiter, sentAt, answer)));
  }

  private void turnOf(Waiter waiter) {
    onScheduler(
        () -> {
          if (waiter != first) {
            return;
          }
          if (asking) {
            askAgain = true;
          } else {
            ask(waiter);
          }
        });
  }

  private void answered(Waiter waiter, long sentAt, AsyncResult<Acquisition> answer) {
    boolean granted = answer.succeeded() && answer.result().granted();
    if (waiter != first) {
      if (granted) {
        giveBack(waiter);
      }
      return;
    }
    asking = false;
    if (granted) {
      granted(waiter, sentAt, ((Acquisition.Granted) answer.result()).fencingToken());
    } else if (answer.succeeded()) {
      refused(waiter, ((Acquisition.Refused) answer.result()).holder());
    } else {
      troubled(waiter, answer.cause());
    }
  }

  private void granted(Waiter waiter, long sentAt, long fencingToken) {
    trouble = null;
    long now = scheduler.nanoTime();
    long lease = waiter.request.getLeaseDuration() * MILLI;
    if (now - deadlineOf(waiter) > 0) {
      leave(waiter, outOfTime(waiter));
    } else if (now - Validity.until(sentAt, lease) >= 0) {
      giveBack(waiter);
      retryIn(waiter, 0);
    } else {
      waiters.remove(waiter);
      waiter.grant(fencingToken, sentAt);
      next();
    }
  }

  private void refused(Waiter waiter, Lease holder) {
    this.holder = holder;
    trouble = null;
    pause = FIRST_PAUSE;
    retryIn(waiter, askAgain ? 0 : Math.min(FALLBACK, holder.remaining().toNanos() + MILLI));
  }

  private void troubled(Waiter waiter, Throwable cause) {
    if (ErrorCode.BACKEND_UNAVAILABLE.is(cause) || ErrorCode.of(cause) == null) {
      trouble = cause;
      retryIn(waiter, pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2));
      pause = Math.min(LONGEST_PAUSE, pause * 2);
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
              if (waiter == first && !asking) {
                ask(waiter);
              }
            });
  }

  private Future<Void> giveBack(Waiter waiter) {
    return backend
        .release(waiter.key, waiter.request.getToken())
        .transform(whatever -> Future.succeededFuture());
  }

  private void onScheduler(Runnable action) {
    if (scheduler.isCurrent()) {
      action.run();
    } else {
      scheduler.execute(action);
    }
  }

  private static long deadlineOf(Waiter waiter) {
    return waiter.arrivedAt + waiter.request.getWaitTimeout() * MILLI;
  }

  private Throwable outOfTime(Waiter waiter) {
    return trouble != null
        ? LockFailures.unavailable(trouble)
        : LockFailures.timeout(waiter.request, holder);
  }
}
