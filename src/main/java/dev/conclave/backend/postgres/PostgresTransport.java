package dev.conclave.backend.postgres;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Sends each batch over the one connection for commands, as soon as there is one. */
final class PostgresTransport implements GroupCommit.Transport<PostgresRequest, Row> {
  private final PostgresConnector connector;
  private final Supplier<Future<Void>> listening;
  private final Statements statements;
  private final Scheduler scheduler;
  private final Consumer<Row> vacated;
  private final ContendedRecords contended = new ContendedRecords();

  /**
   * @param listening completes when notifications may be relied on, or can not be had
   * @param vacated hears what became of a lease that may have gone to the next in line
   */
  PostgresTransport(
      PostgresConnector connector,
      Supplier<Future<Void>> listening,
      Statements statements,
      Scheduler scheduler,
      Consumer<Row> vacated) {
    this.connector = connector;
    this.listening = listening;
    this.statements = statements;
    this.scheduler = scheduler;
    this.vacated = vacated;
  }

  @Override
  public Future<List<Future<Row>>> send(List<PostgresRequest> batch) {
    Future<PgConnection> connection =
        batch.stream().anyMatch(PostgresRequest::waits)
            ? listening.get().compose(listens -> connector.connection())
            : connector.connection();
    return connection.compose(
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
        inspect(connection, answer.cause());
      } else if (batch.get(i).kind() == PostgresRequest.Kind.VACATE && answer.result() != null) {
        vacated.accept(answer.result());
      }
    }
  }

  /**
   * A failure that the server did not report means that the connection is broken; some that it did
   * report mean that another server is the one to write to.
   */
  private void inspect(PgConnection connection, Throwable failure) {
    if (PostgresErrors.isOfTheConnection(failure) || PostgresErrors.isNotHere(failure)) {
      connector.lost(connection, failure);
    }
  }

  @Override
  public void stalled() {
    connector.drop("no answer in time");
  }
}
