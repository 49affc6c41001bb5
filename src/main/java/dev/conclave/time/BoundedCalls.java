package dev.conclave.time;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Brings what is answered elsewhere onto the scheduler's thread, and bounds it in time. */
public final class BoundedCalls {
  private final Scheduler scheduler;

  /** Calls of one scheduler. */
  public BoundedCalls(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** The same outcome, on the scheduler's thread. */
  public <T> Future<T> here(Future<T> elsewhere) {
    Promise<T> here = Promise.promise();
    elsewhere.onComplete(outcome -> CallerContext.run(scheduler, () -> here.handle(outcome)));
    return here.future();
  }

  /** The call's outcome, or a failure when there is none in time. */
  public <T> Future<T> within(long nanos, Supplier<Future<T>> call) {
    return within(nanos, call, tooLate -> {}, failure -> {});
  }

  /**
   * The call's outcome, or {@link ErrorCode#BACKEND_UNAVAILABLE} when there is none in time. What
   * comes later goes to {@code late}, or to {@code lateFailure}.
   */
  public <T> Future<T> within(
      long nanos, Supplier<Future<T>> call, Consumer<T> late, Consumer<Throwable> lateFailure) {
    return new Deadline(scheduler, nanos)
        .bound(
            CallerContext.attempt(call),
            () ->
                ErrorCode.BACKEND_UNAVAILABLE.failure(
                    "no answer within " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms"),
            outcome -> {
              if (outcome.succeeded()) {
                late.accept(outcome.result());
              } else {
                lateFailure.accept(outcome.cause());
              }
            });
  }
}
