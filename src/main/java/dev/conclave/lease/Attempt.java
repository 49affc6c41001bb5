package dev.conclave.lease;

import dev.conclave.backend.Acquisition;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * One attempt to acquire a lease, and how long the holder may rely on an acquired lease. Belongs to
 * the scheduler's thread.
 *
 * <ol>
 *   <li>The clock is read before the request is sent. A granted lease is valid from that moment for
 *       its duration, less a margin for two clocks that do not run equally fast: 1 % of the
 *       duration and 2 ms. The server's time for the lease begins when it handles the request,
 *       which is never before the request was sent.
 *   <li>The answer is delivered on the scheduler's thread and, if the caller wants that, within a
 *       timeout.
 *   <li>A grant whose lease is already over is a failure.
 *   <li>Every answer that is not there at once can be examined, however late it comes. After a
 *       failure or a late grant, what the attempt may have acquired is released.
 * </ol>
 */
public final class Attempt {
  private static final long FIXED_MARGIN = 2_000_000;

  /**
   * The backend's answer.
   *
   * @param sentAt the monotonic clock's reading before the request was sent
   */
  public record Answer(long sentAt, Acquisition acquisition) {

    /** Whether it is a grant and its lease, in nanoseconds, is not over at this moment. */
    public boolean isValid(long now, long lease) {
      return acquisition.granted() && now - validUntil(sentAt, lease) < 0;
    }

    /** The fencing token of a grant. */
    public long fencingToken() {
      return ((Acquisition.Granted) acquisition).fencingToken();
    }
  }

  private final Scheduler scheduler;
  private final long sentAt;
  private Future<Acquisition> sent;

  /** Reads the clock. The request is to be sent at once. */
  public Attempt(Scheduler scheduler) {
    this.scheduler = scheduler;
    this.sentAt = scheduler.nanoTime();
  }

  /** Sends the request; an exception that it throws is its failure. */
  public Attempt send(Callable<Future<Acquisition>> request) {
    sent = CallerContext.attempt(request);
    return this;
  }

  /** Whether the answer is still to come. */
  public boolean isUnderWay() {
    return !sent.isComplete();
  }

  /** The monotonic clock's reading before the request was sent. */
  public long sentAt() {
    return sentAt;
  }

  /** Calls the handler with the answer, however late it comes. */
  public void examine(Handler<AsyncResult<Acquisition>> handler) {
    sent.onComplete(outcome -> CallerContext.run(scheduler, () -> handler.handle(outcome)));
  }

  /** The answer. */
  public Future<Answer> answer() {
    return stamped(CallerContext.on(scheduler, sent));
  }

  /** The answer, or this failure if there is none in time. */
  public Future<Answer> answerWithin(Duration timeout, Supplier<Throwable> tooLate) {
    return stamped(Deadline.bound(scheduler, timeout, sent, tooLate));
  }

  private Future<Answer> stamped(Future<Acquisition> answer) {
    return answer.succeeded()
        ? Future.succeededFuture(new Answer(sentAt, answer.result())) // No future in between.
        : answer.map(acquisition -> new Answer(sentAt, acquisition));
  }

  /**
   * The answer if it is a refusal or a valid grant. After any other outcome the lease is released,
   * because the attempt may have acquired it.
   *
   * @param lease in nanoseconds
   * @param late the failure for a grant whose lease is over
   */
  public static Future<Answer> orRelease(
      Scheduler scheduler,
      Future<Answer> answer,
      long lease,
      Supplier<Throwable> late,
      Runnable release) {
    return answer
        .compose(
            known ->
                known.acquisition().granted() && !known.isValid(scheduler.nanoTime(), lease)
                    ? Future.failedFuture(late.get())
                    : Future.succeededFuture(known))
        .onFailure(failure -> release.run());
  }

  /**
   * The moment from which the holder must not rely on the lease.
   *
   * @param sentAt the monotonic clock's reading, in nanoseconds, before the request was sent
   * @param duration the lease's duration in nanoseconds
   */
  public static long validUntil(long sentAt, long duration) {
    return sentAt + duration - duration / 100 - FIXED_MARGIN;
  }

  /**
   * A reading of this process's clock that is not later than the moment when another process sent a
   * request. That process received a message from here, waited, and then sent the request. Two
   * clocks, each at most 1 % from the server's, differ by up to 2 %.
   *
   * @param sentAt the monotonic clock's reading here before the message was sent
   * @param waited how long the other process waited by its own clock, in nanoseconds
   */
  public static long stampOf(long sentAt, long waited) {
    return sentAt + waited - waited / 50;
  }

  /**
   * The shortest duration, in whole milliseconds, of a lease that is valid for this long.
   *
   * @param wanted in nanoseconds
   * @return in nanoseconds
   */
  public static long durationFor(long wanted) {
    long millis = (Math.max(0, wanted) + FIXED_MARGIN) / 990_000 + 1;
    return millis * 1_000_000;
  }
}
