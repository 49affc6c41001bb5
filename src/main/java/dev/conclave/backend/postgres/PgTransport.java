package dev.conclave.backend.postgres;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.util.List;
import java.util.function.Supplier;

/** Sends each batch over the one connection for commands, as soon as there is one. */
final class PgTransport implements GroupCommit.Transport<Ask, Row> {
  private final PgLink link;
  private final Supplier<Future<Void>> listening;
  private final Statements statements;
  private final Scheduler scheduler;
  private final Crowded crowded = new Crowded();

  /**
   * @param listening completes when notifications may be relied on, or can not be had
   */
  PgTransport(
      PgLink link, Supplier<Future<Void>> listening, Statements statements, Scheduler scheduler) {
    this.link = link;
    this.listening = listening;
    this.statements = statements;
    this.scheduler = scheduler;
  }

  @Override
  public Future<List<Future<Row>>> send(List<Ask> batch) {
    Future<PgConnection> connection =
        batch.stream().anyMatch(Ask::waits)
            ? listening.get().compose(listens -> link.connection())
            : link.connection();
    return connection.compose(
        c ->
            new PgBatch(c, statements, crowded, batch, scheduler.nanoTime())
                .send()
                .onSuccess(answers -> answers.forEach(answer -> inspect(c, answer))));
  }

  /** What is no word of the server says that the connection is broken. */
  private void inspect(PgConnection connection, Future<Row> answer) {
    if (answer.failed() && PgErrors.isOfTheConnection(answer.cause())) {
      link.lost(connection, PgErrors.reason(answer.cause()));
    }
  }

  @Override
  public void stalled() {
    link.drop("no answer in time");
  }
}
