package dev.conclave.backend.postgres;

import dev.conclave.backend.support.HintRegistry;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The periodic work of a backend. On the scheduler's thread only; a step that fails is repeated the
 * next time.
 *
 * <ol>
 *   <li>With every beat (10 s): renews the marks of all watched keys; checks both connections.
 *   <li>A key that is newly watched is marked at once, together with others that come at the same
 *       moment.
 *   <li>Every tenth of the idle retention, but at least every hour and at most every second: walks
 *       through the table and drops idle records.
 *   <li>A statement examines or marks 1000 records at most, and the next one is sent after its
 *       answer: so requests, which use the same connection, are sent in between. A walk pauses as
 *       well.
 * </ol>
 */
final class Upkeep {
  private static final Logger LOG = System.getLogger(Upkeep.class.getName());

  /** How often marks are renewed and connections checked. */
  static final Duration BEAT = Duration.ofSeconds(10);

  private static final Duration WATCHED = Duration.ofSeconds(30);
  private static final long MIN_PURGE = Duration.ofSeconds(1).toNanos();
  private static final long MAX_PURGE = Duration.ofHours(1).toNanos();
  private static final long PAUSE = Duration.ofMillis(10).toNanos();
  private static final int MARKED_AT_ONCE = 1000;

  private final Scheduler scheduler;
  private final PostgresConfig config;
  private final Statements statements;
  private final RequestRunner runner;
  private final PostgresHints hints;
  private final HintRegistry registry;
  private final Set<String> fresh = new LinkedHashSet<>();
  private final long purgeEvery;
  private final long beat;
  private boolean warned;

  Upkeep(
      Scheduler scheduler,
      PostgresConfig config,
      Statements statements,
      RequestRunner runner,
      PostgresHints hints,
      HintRegistry registry,
      Duration beat) {
    this.scheduler = scheduler;
    this.config = config;
    this.statements = statements;
    this.runner = runner;
    this.hints = hints;
    this.registry = registry;
    this.beat = beat.toNanos();
    this.purgeEvery =
        Math.max(MIN_PURGE, Math.min(MAX_PURGE, config.idleRetention().toNanos() / 10));
  }

  void start() {
    scheduler.schedule(beat, this::tick);
    scheduler.schedule(sometime(purgeEvery), () -> purge("", ""));
  }

  private void tick() {
    hints.check();
    runner.connector().check();
    if (!registry.isEmpty()) {
      mark(registry.records());
    }
    scheduler.schedule(beat, this::tick);
  }

  /** Changes of this record are announced from now on; one hint stands for all earlier changes. */
  void watch(String record) {
    if (fresh.add(record) && fresh.size() == 1) {
      scheduler.execute(
          () -> {
            List<String> records = List.copyOf(fresh);
            fresh.clear();
            mark(records).onSuccess(marked -> records.forEach(registry::changed));
          });
    }
  }

  private Future<?> mark(Collection<String> records) {
    Future<?> marked = mark(List.copyOf(records), 0);
    note("marking watched keys", marked);
    return marked;
  }

  private Future<?> mark(List<String> records, int from) {
    List<String> some = records.subList(from, Math.min(records.size(), from + MARKED_AT_ONCE));
    String[] kinds = some.stream().map(PostgresRequest::space).toArray(String[]::new);
    String[] names = some.stream().map(PostgresRequest::name).toArray(String[]::new);
    int next = from + some.size();
    return runner
        .direct(c -> statements.watch(c, kinds, names, WATCHED))
        .compose(done -> next < records.size() ? mark(records, next) : Future.succeededFuture());
  }

  /** One step of the walk, from the record that was examined last. */
  private void purge(String kind, String name) {
    PgConnection connection = runner.connector().current();
    Future<Row> last =
        connection == null
            ? Future.succeededFuture()
            : runner.direct(
                c ->
                    statements
                        .purge(c, config.idleRetention(), kind, name)
                        .onFailure(refused -> scheduler.execute(() -> warnOfMissingRight(refused)))
                        .map(rows -> rows.size() == 0 ? null : rows.iterator().next()));
    note("dropping idle records", last);
    last.onComplete(
        (row, failure) ->
            scheduler.execute(
                () -> {
                  if (row == null) {
                    scheduler.schedule(sometime(purgeEvery), () -> purge("", ""));
                  } else {
                    scheduler.schedule(PAUSE, () -> purge(row.getString(0), row.getString(1)));
                  }
                }));
  }

  private void warnOfMissingRight(Throwable failure) {
    if (PostgresErrors.isForbidden(failure) && !warned) {
      warned = true;
      LOG.log(
          Level.WARNING,
          "records of idle keys stay in the table "
              + config.table()
              + " forever, because user '"
              + config.connect().getUser()
              + "' may not delete them; grant DELETE on it");
    }
  }

  private static void note(String what, Future<?> outcome) {
    outcome.onFailure(
        failure -> LOG.log(Level.DEBUG, () -> what + " failed: " + PostgresErrors.reason(failure)));
  }

  /** About this duration, at random: many processes must not start at the same moment. */
  private static long sometime(long about) {
    return about / 2 + ThreadLocalRandom.current().nextLong(about);
  }
}
