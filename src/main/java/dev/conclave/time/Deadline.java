package dev.conclave.time;

import dev.conclave.error.ErrorCode;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.function.Supplier;

/** The moment by which an operation ends, with its outcome or with a failure. */
public final class Deadline {
  private final Scheduler scheduler;
  private final long began;
  private final long timeout;

  /** A deadline that is this far away. */
  public Deadline(Scheduler scheduler, Duration timeout) {
    this(scheduler, timeout.toNanos());
  }

  /**
   * A deadline that is this far away.
   *
   * @param timeout in nanoseconds
   */
  public Deadline(Scheduler scheduler, long timeout) {
    this.scheduler = scheduler;
    this.began = scheduler.nanoTime();
    this.timeout = timeout;
  }

  /** The reading of the monotonic clock when the operation began. */
  public long began() {
    return began;
  }

  /** Nanoseconds from now; not positive once the deadline is over. */
  public long left() {
    return began + timeout - scheduler.nanoTime();
  }

  /** Whether the deadline is over. */
  public boolean isOver() {
    return left() <= 0;
  }

  /**
   * As {@link #bound(Future, Supplier)} with a deadline that is this far away. For a call that is
   * complete already, no deadline is computed.
   */
  public static <T> Future<T> bound(
      Scheduler scheduler,
      Duration timeout,
      Future<T> call,
      Supplier<? extends Throwable> tooLate) {
    return call.isComplete() ? call : new Deadline(scheduler, timeout).bound(call, tooLate);
  }

  /** The call's outcome on the scheduler's thread, or this failure if there is none in time. */
  public <T> Future<T> bound(Future<T> call, Supplier<? extends Throwable> tooLate) {
    return bound(call, tooLate, late -> {});
  }

  /**
   * The call's outcome on the scheduler's thread, or this failure if there is none in time. To be
   * called on that thread.
   *
   * @param late receives an outcome that came after the deadline
   */
  public <T> Future<T> bound(
      Future<T> call, Supplier<? extends Throwable> tooLate, Handler<AsyncResult<T>> late) {
    if (call.isComplete()) {
      return call;
    }
    Promise<T> promise = Promise.promise();
    Scheduler.Timer timer =
        scheduler.schedule(Math.max(0, left()), () -> promise.tryFail(tooLate.get()));
    call.onComplete(
        outcome ->
            CallerContext.run(
                scheduler,
                () -> {
                  timer.cancel();
                  if (promise.future().isComplete()) {
                    late.handle(outcome);
                  } else {
                    promise.handle(outcome);
                  }
                }));
    return promise.future();
  }

  /**
   * The call's outcome on the scheduler's thread, or {@link #failure} if there is none in time.
   * What the call throws is its failure.
   */
  public <T> Future<T> call(String from, Supplier<Future<T>> call) {
    return bound(CallerContext.attempt(call::get), () -> failure(from));
  }

  /** The failure of an operation for which no answer came in time. */
  public ServiceException failure(String from) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "no answer from " + from + " within " + Duration.ofNanos(timeout).toMillis() + " ms");
  }
}
