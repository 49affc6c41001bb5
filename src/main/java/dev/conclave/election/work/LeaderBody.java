package dev.conclave.election.work;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One call of {@code LeaderElection.lead}.
 *
 * <ol>
 *   <li>It waits for the leadership.
 *   <li>It is sent to its caller's context and begins there.
 *   <li>The leadership may end between sending and beginning. Then either the body begins or it is
 *       withdrawn, never both: one atomic state decides.
 * </ol>
 */
final class LeaderBody<T> {
  private enum State {
    WAITING,
    SENT,
    BEGUN
  }

  private final Supplier<Future<T>> body;
  private final Consumer<Runnable> callersContext;
  private final Promise<T> result = Promise.promise();
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  LeaderBody(Supplier<Future<T>> body, Consumer<Runnable> callersContext) {
    this.body = body;
    this.callersContext = callersContext;
  }

  Future<T> result() {
    return result.future();
  }

  /** Runs it on its context, unless it is withdrawn or the term is over before it begins. */
  void send(BooleanSupplier leading) {
    state.set(State.SENT);
    callersContext.accept(
        () -> {
          if (leading.getAsBoolean() && state.compareAndSet(State.SENT, State.BEGUN)) {
            begin();
          }
        });
  }

  private void begin() {
    CallerContext.attempt(() -> body.get())
        .onComplete(
            outcome -> {
              if (outcome.succeeded()) {
                result.tryComplete(outcome.result());
              } else {
                result.tryFail(outcome.cause());
              }
            });
  }

  /** Withdraws it; false when it has begun. */
  boolean withdraw() {
    return state.compareAndSet(State.SENT, State.WAITING);
  }

  void fail(ErrorCode code, String message) {
    result.tryFail(code.failure(message));
  }
}
