package dev.conclave.backend.postgres;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.backend.support.Waiters;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Runs requests against the database; each ends in time, on the caller's context.
 *
 * <ol>
 *   <li>Requests about a record are sent in batches ({@link GroupCommit}).
 *   <li>One whose record another transaction has locked is tried again in 20 ms, doubling up to 250
 *       ms, until its time is over; no other request waits for it.
 *   <li>Others go directly, each with a timer of its own.
 *   <li>Failures become {@link ErrorCode#BACKEND_UNAVAILABLE}, naming the server.
 * </ol>
 */
final class RequestRunner {
  private static final int MAX_BATCH = 1024;
  private static final int IN_FLIGHT = 1;
  private static final Backoff PAUSES =
      Backoff.jittered(Duration.ofMillis(20), Duration.ofMillis(250));

  private final Scheduler scheduler;
  private final PostgresConfig config;
  private final PostgresConnector connector;
  private final GroupCommit<PostgresRequest, Row> commit;
  private final Set<Promise<?>> open = new HashSet<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Promise<Void> closing = Promise.promise();
  private boolean connectedBefore;

  RequestRunner(
      Vertx vertx,
      Scheduler scheduler,
      PostgresConfig config,
      Statements statements,
      Supplier<Future<Void>> listening,
      Waiters waiters,
      Consumer<Row> vacated) {
    this.scheduler = scheduler;
    this.config = config;
    this.connector =
        new PostgresConnector(
            vertx,
            scheduler,
            config,
            "commands",
            c -> Migration.ensure(c, config).onSuccess(ready -> ready(waiters)));
    this.commit =
        new GroupCommit<>(
            scheduler,
            new GroupCommit.Limits(config.timeout(), MAX_BATCH, IN_FLIGHT),
            new PostgresTransport(
                connector, listening, statements, scheduler, config.timeout(), vacated),
            PostgresRequest.RULES);
  }

  /**
   * Notifies all waiters after a reconnect: a result that should have notified one may have been
   * lost with the connection before.
   */
  private void ready(Waiters waiters) {
    if (connectedBefore) {
      waiters.wakeAll();
    }
    connectedBefore = true;
  }

  /** Until when a request that is made now may be sent. */
  long deadline() {
    return scheduler.nanoTime() + config.timeout().toNanos();
  }

  boolean isClosed() {
    return closed.get();
  }

  PostgresConnector connector() {
    return connector;
  }

  /** The row for the request; null when nothing was changed or found. */
  Future<Row> run(PostgresRequest request) {
    if (closed.get()) {
      return Future.failedFuture(closedFailure());
    }
    return commit
        .submit(request)
        .recover(
            failure ->
                failure instanceof PostgresErrors.RecordLocked
                    ? within(request.deadline(), answer -> tryAgain(request, 1, answer))
                    : Future.failedFuture(named(failure)));
  }

  private void tryAgain(PostgresRequest request, int tries, Promise<Row> answer) {
    long pause = PAUSES.after(tries);
    if (scheduler.nanoTime() + pause - request.deadline() >= 0) {
      answer.tryFail(new PostgresErrors.RecordLocked(request));
      return;
    }
    scheduler.schedule(
        pause,
        () ->
            commit
                .submit(request.again())
                .onComplete(
                    result -> {
                      if (result.succeeded()) {
                        answer.tryComplete(result.result());
                      } else if (result.cause() instanceof PostgresErrors.RecordLocked) {
                        tryAgain(request, tries + 1, answer);
                      } else {
                        answer.tryFail(result.cause());
                      }
                    }));
  }

  /** The result of the call over the connection, within the timeout. */
  <T> Future<T> direct(Function<PgConnection, Future<T>> call) {
    long deadline = deadline();
    return within(
        deadline,
        answer ->
            pass(connector.connection(deadline).compose(c -> inspected(c, call.apply(c))), answer));
  }

  private <T> Future<T> inspected(PgConnection connection, Future<T> outcome) {
    return outcome.onFailure(
        failure -> {
          if (PostgresErrors.isNotHere(failure)) {
            connector.inspect(connection, failure);
          }
        });
  }

  /**
   * Fails at once when the server cannot be reached or written to, whereas requests wait for the
   * server.
   */
  Future<Void> ping() {
    long deadline = deadline();
    return within(
        deadline,
        answer ->
            pass(
                connector
                    .probe()
                    .compose(connected -> connector.connection(deadline))
                    .compose(
                        connection ->
                            inspected(
                                connection,
                                connector
                                    .check(connection)
                                    .compose(can -> Migration.ensure(connection, config)))),
                answer));
  }

  private static <T> void pass(Future<T> outcome, Promise<T> answer) {
    outcome.onComplete(
        result -> {
          if (result.succeeded()) {
            answer.tryComplete(result.result());
          } else {
            answer.tryFail(result.cause());
          }
        });
  }

  private <T> Future<T> within(long deadline, Consumer<Promise<T>> start) {
    if (closed.get()) {
      return Future.failedFuture(closedFailure());
    }
    Promise<T> answer = Promise.promise();
    scheduler.execute(
        () -> {
          if (closed.get()) {
            answer.fail(closedFailure());
            return;
          }
          open.add(answer);
          Scheduler.Timer timer =
              scheduler.schedule(deadline - scheduler.nanoTime(), () -> answer.tryFail(noAnswer()));
          answer
              .future()
              .onComplete(
                  done ->
                      scheduler.execute(
                          () -> {
                            timer.cancel();
                            open.remove(answer);
                          }));
          start.accept(answer);
        });
    return CallerContext.answer(
        answer.future().recover(failure -> Future.failedFuture(named(failure))));
  }

  private Throwable named(Throwable failure) {
    if (ErrorCode.BACKEND_UNAVAILABLE.is(failure) || failure instanceof PostgresBatch.TooLate) {
      Throwable why = connector.lastFailure();
      return PostgresErrors.unavailable(config, why == null ? noAnswer() : why);
    }
    return PostgresErrors.unavailable(config, failure);
  }

  private IllegalStateException noAnswer() {
    return new IllegalStateException("no answer within " + config.timeout().toMillis() + " ms");
  }

  /**
   * Ends all requests and the connection.
   *
   * @param others closes everything else, on the scheduler's thread, after the requests have ended
   */
  Future<Void> close(Supplier<Future<Void>> others) {
    if (closed.compareAndSet(false, true)) {
      scheduler.execute(
          () -> {
            commit.close();
            Set.copyOf(open).forEach(answer -> answer.tryFail(closedFailure()));
            Future.join(connector.close(), others.get()).<Void>mapEmpty().onComplete(closing);
          });
    }
    return CallerContext.answer(closing.future());
  }

  private static RuntimeException closedFailure() {
    return ErrorCode.CLOSED.failure("the backend is closed");
  }
}
