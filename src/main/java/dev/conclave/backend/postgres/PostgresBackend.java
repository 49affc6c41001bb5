package dev.conclave.backend.postgres;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.support.HintRegistry;
import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.Waiters;
import dev.conclave.time.CallerContext;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
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
 *       RequestRunner}, {@link PostgresBatch}); a second one listens for notifications ({@link
 *       PostgresHints}).
 *   <li>A waiter gets a number and joins the key's queue in the database ({@link Waiters}, {@link
 *       Offers}). A change only sends notifications when the key has waiters or watchers.
 *   <li>{@link Upkeep} does the periodic work.
 * </ol>
 */
final class PostgresBackend implements SyncBackend {
  /** How to vacate: the token leaves the queue or its offer, and keeps a lease that it holds. */
  private static final String LEAVE = "leave";

  private static final String LAPSE = "lapse";

  /** Less than every character of a name. */
  private static final String LEAST = "\u0001";

  /** Greater than every character of a name, and as many as a name may hold. */
  private static final String BEYOND = "\uDBFF\uDFFF".repeat(LeaseKey.MAX_LENGTH);

  private final String client;
  private final ContextScheduler scheduler;
  private final PostgresConfig config;
  private final Statements statements;
  private final RequestRunner runner;
  private final Waiters waiters;
  private final Offers offers;
  private final HintRegistry registry = new HintRegistry();
  private final PostgresHints hints;
  private final Upkeep upkeep;

  private PostgresBackend(
      Vertx vertx, ContextScheduler scheduler, PostgresConfig config, Duration beat) {
    byte[] id = new byte[12];
    new SecureRandom().nextBytes(id);
    this.client = HexFormat.of().formatHex(id);
    this.scheduler = scheduler;
    this.config = config;
    this.statements = new Statements(config.table(), client);
    this.waiters = new Waiters(scheduler);
    this.offers = new Offers(scheduler, this::lapse);
    this.runner =
        new RequestRunner(
            vertx, scheduler, config, statements, this::listening, waiters, this::vacated);
    this.hints =
        new PostgresHints(
            vertx, scheduler, config, client, statements.watchChannel(), waiters, offers, registry);
    runner.connector().pairWith(hints.connector());
    this.upkeep = new Upkeep(scheduler, config, statements, runner, hints, registry, beat);
    scheduler.execute(upkeep::start);
  }

  static SyncBackend create(Vertx vertx, JsonObject json) {
    return create(vertx, PostgresConfig.of(json), Upkeep.BEAT);
  }

  /**
   * A backend with another beat.
   *
   * @param beat how often marks are renewed and connections checked
   */
  static SyncBackend create(Vertx vertx, PostgresConfig config, Duration beat) {
    Context context = vertx.getOrCreateContext();
    return new PostgresBackend(vertx, new ContextScheduler(vertx, context), config, beat);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    LeaseKey key = request.key();
    boolean waits = request.waiter() != null && config.notifications() && !runner.isClosed();
    String entry = waits ? entry(request) : null;
    Future<Row> answer = runner.run(PostgresRequest.acquire(request, entry, runner.deadline()));
    if (waits) {
      answer = answer.onComplete((row, failure) -> requested(request, isTrue(row)));
    }
    return answer.map(
        row -> {
          if (row == null) {
            throw PostgresErrors.unavailable(
                config, new IllegalStateException("the record was not written"));
          }
          return readable(
              key,
              () ->
                  row.getBoolean(2)
                      ? new Acquisition.Granted(row.getLong(3))
                      : new Acquisition.Refused(LeaseRows.read(key, row)));
        });
  }

  /** The waiter's entry in the queue of the database. */
  private String entry(LeaseRequest request) {
    long number = waiters.requested(request.key(), request.token(), request.waiter());
    return new JsonArray()
        .add(
            new JsonObject()
                .put("t", request.token())
                .put("owner", request.owner())
                .put("client", client)
                .put("n", number)
                .put("patience", request.waiter().patience().toMillis()))
        .encode();
  }

  private void requested(LeaseRequest request, boolean granted) {
    if (granted) {
      waiters.granted(request.key(), request.token());
    } else {
      waiters.refused(request.key(), request.token());
    }
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          LeaseRequest.checkDuration(duration);
          return runner
              .run(
                  PostgresRequest.of(
                      PostgresRequest.Kind.EXTEND,
                      key,
                      token,
                      duration.toMillis(),
                      null,
                      runner.deadline()))
              .map(row -> row != null);
        });
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          waiters.leave(key, token);
          return runner
              .run(vacate(key, token, PostgresRequest.RELEASE))
              .map(PostgresBackend::isTrue);
        });
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          waiters.leave(key, token);
          return runner.run(vacate(key, token, LEAVE)).mapEmpty();
        });
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return runner.run(vacate(key, null, PostgresRequest.REVOKE)).map(PostgresBackend::isTrue);
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return runner
        .run(PostgresRequest.of(PostgresRequest.Kind.READ, key, null, 0, null, runner.deadline()))
        .map(row -> row == null ? Optional.empty() : Optional.of(read(key, row)));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          return runner
              .run(
                  PostgresRequest.of(
                      PostgresRequest.Kind.READ, key, token, 0, null, runner.deadline()))
              .map(PostgresBackend::isTrue);
        });
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return CallerContext.attempt(
        () -> {
          LeasePage.checkLimit(limit);
          if (!LeaseKey.mayBeginAName(prefix)) {
            return runner.direct(
                connection -> Future.succeededFuture(new LeasePage(List.of(), null)));
          }
          String first = page != null && page.startsWith(prefix) ? page + LEAST : prefix;
          return runner.direct(
              connection ->
                  statements
                      .list(connection, kind.id(), first, prefix + BEYOND, limit)
                      .map(rows -> page(kind, rows, limit)));
        });
  }

  /** Live leases, and after them the last record that was examined, if there may be more. */
  private LeasePage page(LeaseKey.Kind kind, RowSet<Row> rows, int limit) {
    List<Lease> leases = new ArrayList<>(rows.size());
    for (Row row : rows) {
      LeaseKey key = new LeaseKey(kind, row.getString(1));
      if (leases.size() == limit || !isTrue(row)) {
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
    if (!config.notifications() || runner.isClosed()) {
      return () -> {};
    }
    Watch watch = registry.add(PostgresRequest.record(key), hint);
    scheduler.execute(
        () -> {
          hints.start();
          upkeep.watch(PostgresRequest.record(key));
        });
    return watch;
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return register(PostgresRequest.Kind.ADVANCE, name, mark).map(row -> row != null);
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return register(PostgresRequest.Kind.REGISTER, name, 0)
        .map(row -> Optional.of(LeaseRows.register(row)));
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return register(PostgresRequest.Kind.RETREAT, name, mark).map(row -> row != null);
  }

  private Future<Row> register(PostgresRequest.Kind kind, String name, long mark) {
    return CallerContext.attempt(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          return runner.run(PostgresRequest.register(kind, name, mark, runner.deadline()));
        });
  }

  @Override
  public Future<Void> ping() {
    return runner.ping();
  }

  @Override
  public String trouble() {
    Throwable last = runner.connector().lastFailure();
    return last == null ? null : PostgresErrors.unavailable(config, last).getMessage();
  }

  @Override
  public Future<Void> close() {
    waiters.clear();
    registry.clear();
    return runner.close(
        () -> {
          scheduler.close();
          offers.clear();
          return hints.close();
        });
  }

  private void lapse(LeaseKey key) {
    runner.run(vacate(key, null, LAPSE));
  }

  private Future<Void> listening() {
    return hints.start();
  }

  /** If the next waiters are this client's, the row replaces their notifications. */
  private void vacated(Row row) {
    if (row.size() > LeaseRows.NEXT) {
      Long first = row.getLong(LeaseRows.FIRST);
      Long next = row.getLong(LeaseRows.NEXT);
      if (first != null) {
        waiters.wake(first);
      }
      if (next != null) {
        hints.offerMade(next);
      }
    }
  }

  private PostgresRequest vacate(LeaseKey key, String token, String how) {
    return PostgresRequest.of(PostgresRequest.Kind.VACATE, key, token, 0, how, runner.deadline());
  }

  private static boolean isTrue(Row row) {
    return row != null && Boolean.TRUE.equals(row.getBoolean(2));
  }

  private Lease read(LeaseKey key, Row row) {
    return readable(key, () -> LeaseRows.read(key, row));
  }

  /**
   * The content of a row. It may be unreadable, because other programs may have written to the
   * table.
   */
  private <T> T readable(LeaseKey key, Supplier<T> meaning) {
    try {
      return meaning.get();
    } catch (RuntimeException wrong) {
      throw PostgresErrors.unavailable(
          config,
          new IllegalStateException(
              "the record of " + key + " cannot be read; repair or delete it"));
    }
  }
}
