package dev.conclave.backend.postgres;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseKind;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.LeaseRules;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.time.CallerContext;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Leases in a table of a PostgreSQL database; see {@link LeaseSql} for what makes them right.
 *
 * <ol>
 *   <li>All requests go through one connection, in batches of one statement per kind ({@link
 *       Courier}, {@link PgBatch}); a second one listens for notifications ({@link Listener}).
 *   <li>A waiter gets a number and stands in the key's line in the database. Only when somebody
 *       stands there, or watches, does a change notify anybody.
 *   <li>What has to be done now and then is done by {@link Upkeep}.
 * </ol>
 */
final class PostgresBackend implements SyncBackend {
  /** How to vacate: the token's waiter goes, and its holder stays. */
  private static final String LEAVE = "leave";

  private static final String LAPSE = "lapse";

  /** Less than every character of a name. */
  private static final String LEAST = "\u0001";

  /** Greater than every character of a name, and as many as a name may hold. */
  private static final String BEYOND = "\uDBFF\uDFFF".repeat(LeaseRules.MAX_LENGTH);

  private final ContextScheduler scheduler;
  private final PostgresConfig config;
  private final Statements statements;
  private final Courier courier;
  private final Line line;
  private final Watches watches = new Watches();
  private final Listener listener;
  private final Upkeep upkeep;

  private PostgresBackend(
      Vertx vertx, ContextScheduler scheduler, PostgresConfig config, Duration beat) {
    byte[] id = new byte[12];
    new SecureRandom().nextBytes(id);
    String client = HexFormat.of().formatHex(id);
    this.scheduler = scheduler;
    this.config = config;
    this.statements = new Statements(config.table(), client);
    this.line = new Line(client);
    this.courier =
        new Courier(vertx, scheduler, config, statements, this::listening, line, this::vacated);
    this.listener =
        new Listener(
            vertx,
            scheduler,
            config,
            client,
            statements.watchChannel(),
            line,
            watches,
            key -> courier.ask(vacate(key, null, LAPSE)));
    courier.link().pairWith(listener.link());
    this.upkeep = new Upkeep(scheduler, config, statements, courier, listener, line, watches, beat);
    scheduler.execute(upkeep::start);
  }

  static SyncBackend create(Vertx vertx, JsonObject json) {
    return create(vertx, PostgresConfig.of(json), Upkeep.BEAT);
  }

  /**
   * A backend with another beat.
   *
   * @param beat how often it sees to its marks and connections
   */
  static SyncBackend create(Vertx vertx, PostgresConfig config, Duration beat) {
    Context context = vertx.getOrCreateContext();
    return new PostgresBackend(vertx, new ContextScheduler(vertx, context), config, beat);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    LeaseKey key = request.key();
    boolean waits = request.waiter() != null && config.notifications();
    String place = null;
    if (waits && !courier.isClosed()) {
      place = line.join(request, scheduler.nanoTime());
    }
    JsonObject metadata = request.metadata();
    Ask ask =
        new Ask(
            Ask.Kind.ACQUIRE,
            key.kind().id(),
            key.name(),
            request.token(),
            request.duration().toMillis(),
            request.owner(),
            metadata == null ? null : metadata.encode(),
            place,
            courier.deadline(),
            true);
    Future<Row> answer = courier.ask(ask);
    if (place != null) {
      answer =
          answer.onComplete(
              (row, failure) -> {
                boolean granted = saysYes(row);
                Runnable turn = line.answered(key, request.token(), granted);
                if (turn != null) {
                  scheduler.execute(() -> Line.run(turn));
                }
              });
    }
    return answer.map(
        row -> {
          if (row == null) {
            throw PgErrors.unavailable(
                config, new IllegalStateException("the record was not written"));
          }
          return readable(
              key,
              () ->
                  row.getBoolean(2)
                      ? new Acquisition.Granted(row.getLong(3))
                      : new Acquisition.Refused(Leases.read(key, row)));
        });
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkToken(token);
          LeaseRules.checkDuration(duration);
          return courier
              .ask(
                  Ask.of(
                      Ask.Kind.EXTEND, key, token, duration.toMillis(), null, courier.deadline()))
              .map(row -> row != null);
        });
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkToken(token);
          line.leave(key, token);
          return courier.ask(vacate(key, token, Ask.RELEASE)).map(PostgresBackend::saysYes);
        });
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkToken(token);
          line.leave(key, token);
          return courier.ask(vacate(key, token, LEAVE)).mapEmpty();
        });
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return courier.ask(vacate(key, null, Ask.REVOKE)).map(PostgresBackend::saysYes);
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return courier
        .ask(Ask.of(Ask.Kind.LOOK, key, null, 0, null, courier.deadline()))
        .map(row -> row == null ? Optional.empty() : Optional.of(read(key, row)));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkToken(token);
          return courier
              .ask(Ask.of(Ask.Kind.LOOK, key, token, 0, null, courier.deadline()))
              .map(PostgresBackend::saysYes);
        });
  }

  @Override
  public Future<LeasePage> list(LeaseKind kind, String prefix, String page, int limit) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkLimit(limit);
          if (!prefix.isEmpty() && !Leases.mayBeginAName(prefix)) {
            return courier.direct(
                connection -> Future.succeededFuture(new LeasePage(List.of(), null)));
          }
          String first = page != null && page.startsWith(prefix) ? page + LEAST : prefix;
          return courier.direct(
              connection ->
                  statements
                      .list(connection, kind.id(), first, prefix + BEYOND, limit)
                      .map(rows -> page(kind, rows, limit)));
        });
  }

  /** Live leases, and after them the last record that was examined, if there may be more. */
  private LeasePage page(LeaseKind kind, RowSet<Row> rows, int limit) {
    List<Lease> leases = new ArrayList<>(rows.size());
    for (Row row : rows) {
      LeaseKey key = new LeaseKey(kind, row.getString(1));
      if (leases.size() == limit || !saysYes(row)) {
        String last = leases.size() == limit ? leases.get(limit - 1).key().name() : key.name();
        return new LeasePage(leases, last);
      }
      leases.add(read(key, row));
    }
    return new LeasePage(
        leases, leases.size() == limit ? leases.get(limit - 1).key().name() : null);
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    if (!config.notifications() || courier.isClosed()) {
      return () -> {};
    }
    Watch watch = watches.add(key, hint);
    scheduler.execute(
        () -> {
          listener.start();
          upkeep.watch(key);
        });
    return watch;
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return register(Ask.Kind.ADVANCE, name, mark).map(row -> row != null);
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return register(Ask.Kind.RETREAT, name, mark).map(row -> row != null);
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return register(Ask.Kind.REGISTER, name, 0).map(row -> Optional.of(Leases.register(row)));
  }

  private Future<Row> register(Ask.Kind kind, String name, long mark) {
    return CallerContext.attempt(
        () -> {
          LeaseRules.checkName(name);
          LeaseRules.checkMark(mark);
          return courier.ask(Ask.register(kind, name, mark, courier.deadline()));
        });
  }

  @Override
  public Future<Void> ping() {
    return courier.ping();
  }

  @Override
  public String trouble() {
    Throwable last = courier.link().lastFailure();
    return last == null ? null : PgErrors.unavailable(config, last).getMessage();
  }

  @Override
  public Future<Void> close() {
    line.clear();
    watches.clear();
    return courier.close(
        () -> {
          scheduler.close();
          return listener.close();
        });
  }

  private Future<Void> listening() {
    return listener.start();
  }

  /** Where the next in line are of this client, the answer says what else a notification would. */
  private void vacated(Row row) {
    if (row.size() > Leases.NEXT) {
      Long first = row.getLong(Leases.FIRST);
      Long next = row.getLong(Leases.NEXT);
      if (first != null) {
        line.call(first);
      }
      if (next != null) {
        listener.offerMade(next);
      }
    }
  }

  private Ask vacate(LeaseKey key, String token, String how) {
    return Ask.of(Ask.Kind.VACATE, key, token, 0, how, courier.deadline());
  }

  private static boolean saysYes(Row row) {
    return row != null && Boolean.TRUE.equals(row.getBoolean(2));
  }

  private Lease read(LeaseKey key, Row row) {
    return readable(key, () -> Leases.read(key, row));
  }

  /** What the row means; others may have written to the table, or changed it. */
  private <T> T readable(LeaseKey key, Supplier<T> meaning) {
    try {
      return meaning.get();
    } catch (RuntimeException wrong) {
      throw PgErrors.unavailable(
          config,
          new IllegalStateException(
              "the record of " + key + " can not be read; repair or delete it"));
    }
  }
}
