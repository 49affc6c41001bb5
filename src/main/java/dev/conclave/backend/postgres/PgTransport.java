package dev.conclave.backend.postgres;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.List;

/** Sends each batch over the one connection for commands, as soon as there is one. */
final class PgTransport implements GroupCommit.Transport<Ask, Row> {
  private final PgLink link;
  private final Statements statements;
  private final Scheduler scheduler;

  PgTransport(PgLink link, Statements statements, Scheduler scheduler) {
    this.link = link;
    this.statements = statements;
    this.scheduler = scheduler;
  }

  @Override
  public Future<List<Future<Row>>> send(List<Ask> batch) {
    return link.connection()
        .compose(c -> new PgBatch(c, statements, batch, scheduler.nanoTime()).send());
  }

  @Override
  public void stalled() {
    link.drop("no answer in time");
  }
}
