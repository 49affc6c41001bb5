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
final class PgTransport implements GroupCommit.Transport<Ask, Row> {
  private final PgLink link;
  private final Supplier<Future<Void>> listening;
  private final Statements statements;
  private final Scheduler scheduler;
  private final Consumer<Row> vacated;
  private final Crowded crowded = new Crowded();

  /**
   * @param listening completes when notifications may be relied on, or can not be had
   * @param vacated hears what became of a lease that may have gone to the next in line
   */
  PgTransport(
      PgLink link,
      Supplier<Future<Void>> listening,
      Statements statements,
      Scheduler scheduler,
      Consumer<Row> vacated) {
    this.link = link;
    this.listening = listening;
    this.statements = statements;
    this.scheduler = scheduler;
    this.vacated = vacated;
  }

  @Override
  public Future<List<Future<Row>>> send(List<Ask> batch) {
    Future<PgConnection> connection =
        batch.stream().anyMatch(Ask::waits)
            ? listening.get().compose(listens -> link.connection())
            : link.connection();
    return connection.compose(
        c ->
            new PgBatch(c, statements, crowded, batch, link.clock(), scheduler)
                .send()
                .onSuccess(answers -> inspect(c, batch, answers)));
  }

  private void inspect(PgConnection connection, List<Ask> batch, List<Future<Row>> answers) {
    for (int i = 0; i < batch.size(); i++) {
      Future<Row> answer = answers.get(i);
      if (answer.failed()) {
        inspect(connection, answer.cause());
      } else if (batch.get(i).kind() == Ask.Kind.VACATE && answer.result() != null) {
        vacated.accept(answer.result());
      }
    }
  }

  /**
   * A failure that the server did not report means that the connection is broken; some that it did
   * report mean that another server is the one to write to.
   */
  private void inspect(PgConnection connection, Throwable failure) {
    if (PgErrors.isOfTheConnection(failure) || PgErrors.isNotHere(failure)) {
      link.lost(connection, failure);
    }
  }

  @Override
  public void stalled() {
    link.drop("no answer in time");
  }
}
