package dev.conclave.backend.postgres;

import dev.conclave.backend.support.KeptConnection;
import dev.conclave.backend.support.Transport;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Sends each batch over the one connection for commands, as soon as there is one. */
final class PostgresTransport implements Transport<PostgresRequest, Row> {
  private final PostgresConnector connector;
  private final Supplier<Future<Void>> listening;
  private final Statements statements;
  private final Scheduler scheduler;
  private final Duration timeout;
  private final Consumer<Row> vacated;
  private final ContendedRecords contended = new ContendedRecords();

  /**
   * @param listening completes when the first attempt to listen for notifications is over
   * @param vacated receives the row of a lease that may have gone to the next waiter
   */
  PostgresTransport(
      PostgresConnector connector,
      Supplier<Future<Void>> listening,
      Statements statements,
      Scheduler scheduler,
      Duration timeout,
      Consumer<Row> vacated) {
    this.connector = connector;
    this.listening = listening;
    this.statements = statements;
    this.scheduler = scheduler;
    this.timeout = timeout;
    this.vacated = vacated;
  }

  @Override
  public Future<List<Future<Row>>> send(List<PostgresRequest> batch) {
    long until = scheduler.nanoTime() + timeout.toNanos();
    Future<Void> ready =
        batch.stream().anyMatch(PostgresRequest::waits)
            ? listening.get()
            : Future.succeededFuture();
    return ready
        .compose(listens -> connector.connection(until))
        .compose(
            c ->
                new PostgresBatch(c, statements, contended, batch, connector.clock(), scheduler)
                    .send()
                    .onSuccess(answers -> inspect(c, batch, answers)));
  }

  private void inspect(
      PgConnection connection, List<PostgresRequest> batch, List<Future<Row>> answers) {
    for (int i = 0; i < batch.size(); i++) {
      Future<Row> answer = answers.get(i);
      if (answer.failed()) {
        connector.inspect(connection, answer.cause());
      } else if (batch.get(i).kind() == PostgresRequest.Kind.VACATE && answer.result() != null) {
        vacated.accept(answer.result());
      }
    }
  }

  @Override
  public void stalled() {
    connector.discard(connector.current(), new KeptConnection.NoAnswer(timeout));
  }
}
