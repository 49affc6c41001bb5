package dev.conclave.bus;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import java.util.function.Supplier;

/**
 * The caller's side of a service on the event bus. It translates failures: those of a proxy are
 * those of a service in this process.
 *
 * <ol>
 *   <li>A failure with one of our codes is passed on.
 *   <li>A failure that the bus reports or throws becomes {@link ErrorCode#BACKEND_UNAVAILABLE},
 *       with a message that names the service and its address.
 * </ol>
 */
public final class ServiceClient {
  private final String service;
  private final String noHandler;

  /**
   * @param service the service with its address: {@code the lock service on 'conclave.locks'}
   * @param noHandler the message when no handler is registered at the address
   */
  public ServiceClient(String service, String noHandler) {
    this.service = service;
    this.noHandler = noHandler;
  }

  /** Calls the service; a failure carries one of our codes. */
  public <T> Future<T> call(Supplier<Future<T>> call) {
    return raw(call).recover(failure -> Future.failedFuture(translated(failure)));
  }

  /** Calls the service, without translation of failures. What the call throws is its failure. */
  public <T> Future<T> raw(Supplier<Future<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException thrown) {
      return Future.failedFuture(thrown);
    }
  }

  /** The failure with one of our codes. */
  public Throwable translated(Throwable failure) {
    if (ErrorCode.of(failure) != null) {
      return failure;
    }
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        isUndelivered(failure)
            ? noHandler
            : service
                + (isReported(failure, ReplyFailure.TIMEOUT)
                    ? " did not answer in time"
                    : " cannot be called: " + failure.getMessage()));
  }

  /** Whether the failure means that no handler received the message. */
  public static boolean isUndelivered(Throwable failure) {
    return isReported(failure, ReplyFailure.NO_HANDLERS);
  }

  private static boolean isReported(Throwable failure, ReplyFailure type) {
    return failure instanceof ReplyException reply && reply.failureType() == type;
  }
}
