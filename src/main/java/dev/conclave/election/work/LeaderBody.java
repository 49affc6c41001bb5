package dev.conclave.election.work;

import dev.conclave.election.LeaderElection;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One call of {@link LeaderElection#lead}: waits, is sent to its caller's context, begins there.
 * Between sending and beginning, the leadership may end: whoever is first, decides.
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

  /** Runs it on its context unless it is taken back, or the term is over, before it begins. */
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
    CallerContext.attempt(body)
        .onComplete(
            outcome -> {
              if (outcome.succeeded()) {
                result.tryComplete(outcome.result());
              } else {
                result.tryFail(outcome.cause());
              }
            });
  }

  /** Takes it back; false when it has begun. */
  boolean takeBack() {
    return state.compareAndSet(State.SENT, State.WAITING);
  }

  void fail(ErrorCode code, String message) {
    result.tryFail(code.failure(message));
  }
}
