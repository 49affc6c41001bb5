package dev.conclave.election;

import dev.conclave.error.ErrorCode;
import dev.conclave.lease.OutageLog;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * When the backend is polled, and which answers count. On the scheduler's thread only.
 *
 * <ol>
 *   <li>At most one poll is under way. A poll that is planned meanwhile is sent after its answer.
 *   <li>Of several plans, the earliest counts. A poll fulfils all plans made before it.
 *   <li>Polls are numbered. An answer counts if its poll is the last one, was not abandoned and has
 *       not timed out. Every other answer is reported as late.
 * </ol>
 */
final class Polling {
  private final Scheduler scheduler;
  private final long timeout;
  private final OutageLog outage;
  private final Runnable poll;
  private final Runnable beforeAnswer;
  private Scheduler.Timer timer = () -> {};
  private boolean planned;
  private long plannedFor;
  private long lastAt;
  private long number;
  private Future<?> underWay;

  /**
   * @param timeout how long a poll may take, in nanoseconds
   * @param poll makes a poll by {@link #send}, or decides not to
   * @param beforeAnswer runs at every answer, before it is decided whether the answer counts
   */
  Polling(
      Scheduler scheduler, long timeout, OutageLog outage, Runnable poll, Runnable beforeAnswer) {
    this.scheduler = scheduler;
    this.timeout = timeout;
    this.outage = outage;
    this.poll = poll;
    this.beforeAnswer = beforeAnswer;
  }

  /** When the last poll was made. */
  long lastAt() {
    return lastAt;
  }

  /** Completes with the poll that is under way, with its outcome. */
  Future<?> landed() {
    return underWay == null ? Future.succeededFuture() : underWay;
  }

  /** Polls now, or right after the poll that is under way. */
  void now() {
    if (underWay != null) {
      plan(scheduler.nanoTime());
    } else {
      planned = false;
      timer.cancel();
      lastAt = scheduler.nanoTime();
      poll.run();
    }
  }

  /** Plans a poll for this moment at the latest. */
  void plan(long moment) {
    if (!planned || moment - plannedFor < 0) {
      planned = true;
      plannedFor = moment;
      arm();
    }
  }

  /** Cancels the planned poll and ignores the answer to the one under way. */
  void abandon() {
    number++;
    underWay = null;
    forget();
  }

  /** Cancels the planned poll. */
  void forget() {
    planned = false;
    timer.cancel();
  }

  /**
   * Makes a call. Its outcome goes to {@code next}, or a failure when there is none in time. A
   * result that comes after that, or after the poll was abandoned, goes to {@code late}.
   */
  <T> void send(Supplier<Future<T>> call, Consumer<T> late, Handler<AsyncResult<T>> next) {
    long mine = ++number;
    Future<T> answer =
        new Deadline(scheduler, timeout)
            .bound(CallerContext.attempt(call::get), this::tooLate, outcome -> late(outcome, late));
    underWay = answer;
    answer.onComplete(
        outcome -> {
          beforeAnswer.run();
          if (mine == number) {
            underWay = null;
            if (outcome.succeeded()) {
              outage.worked();
            } else {
              outage.failed(outcome.cause());
            }
            next.handle(outcome);
            arm();
          } else if (outcome.succeeded()) {
            late.accept(outcome.result());
          }
        });
  }

  private Throwable tooLate() {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "no answer within " + TimeUnit.NANOSECONDS.toMillis(timeout) + " ms");
  }

  private <T> void late(AsyncResult<T> outcome, Consumer<T> late) {
    if (outcome.succeeded()) {
      late.accept(outcome.result());
    } else {
      outage.failedLate(outcome.cause());
    }
  }

  private void arm() {
    if (planned && underWay == null) {
      timer.cancel();
      long delay = plannedFor - scheduler.nanoTime();
      if (delay > 0) {
        timer = scheduler.schedule(delay, this::due);
      } else {
        scheduler.execute(this::due);
      }
    }
  }

  private void due() {
    if (planned && underWay == null && scheduler.nanoTime() - plannedFor >= 0) {
      now();
    }
  }
}
