package dev.conclave;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.serviceproxy.ServiceException;
import java.util.function.Supplier;

/**
 * The failure of a verticle's start. Launchers print it, so its text is the name of its {@link
 * ErrorCode} and one sentence. Vert.x would put {@code (RECIPIENT_FAILURE,4805)} before the
 * sentence.
 *
 * <p>All other failures are plain {@link ServiceException}s, because the event bus carries no
 * subclasses.
 */
final class StartFailure extends ServiceException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  private StartFailure(ErrorCode code, ServiceException failure) {
    super(failure.failureCode(), failure.getMessage(), failure.getDebugInfo());
    this.code = code;
  }

  /** The outcome of a start; an exception that it throws counts as its failure. */
  static <T> Future<T> ofStart(Supplier<Future<T>> start) {
    return CallerContext.attempt(start::get).recover(failure -> Future.failedFuture(of(failure)));
  }

  private static Throwable of(Throwable failure) {
    ErrorCode code = ErrorCode.of(failure);
    return code == null || failure instanceof StartFailure
        ? failure
        : new StartFailure(code, (ServiceException) failure);
  }

  @Override
  public String toString() {
    return code + ": " + getMessage();
  }
}
