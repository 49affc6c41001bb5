package dev.conclave.bus;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import java.util.function.Supplier;

/**
 * Calls of a service over the event bus, made to fail as a service in this process does.
 *
 * <ol>
 *   <li>What the service itself failed with is passed on.
 *   <li>What the bus reports, and what it throws, becomes {@link ErrorCode#BACKEND_UNAVAILABLE}, in
 *       a sentence that names the service and its address.
 * </ol>
 */
public final class RemoteCalls {
  private final String service;
  private final String nobody;

  /**
   * @param service what is called, with its address: {@code the lock service on 'conclave.locks'}
   * @param nobody the sentence for when nobody listens there
   */
  public RemoteCalls(String service, String nobody) {
    this.service = service;
    this.nobody = nobody;
  }

  /** The call's outcome, with a failure of ours. */
  public <T> Future<T> call(Supplier<Future<T>> call) {
    return raw(call).recover(failure -> Future.failedFuture(translated(failure)));
  }

  /** The call's own outcome; what it throws is its failure. */
  public <T> Future<T> raw(Supplier<Future<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException thrown) {
      return Future.failedFuture(thrown);
    }
  }

  /** The failure as a service in this process would have told it. */
  public Throwable translated(Throwable failure) {
    if (ErrorCode.of(failure) != null) {
      return failure;
    }
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        nobodyThere(failure)
            ? nobody
            : service
                + (isReported(failure, ReplyFailure.TIMEOUT)
                    ? " did not answer in time"
                    : " cannot be called: " + failure.getMessage()));
  }

  /** Whether nobody can have got the message. */
  public static boolean nobodyThere(Throwable failure) {
    return isReported(failure, ReplyFailure.NO_HANDLERS);
  }

  private static boolean isReported(Throwable failure, ReplyFailure type) {
    return failure instanceof ReplyException reply && reply.failureType() == type;
  }
}
