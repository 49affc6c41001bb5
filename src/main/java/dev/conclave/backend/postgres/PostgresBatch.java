package dev.conclave.backend.postgres;

import dev.conclave.backend.support.ServerClock;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One batch on its way over one connection. Only reads share a record, so the order of the requests
 * does not matter.
 *
 * <ol>
 *   <li>Requests whose time is over are not sent; the rest go out as one statement per kind, in one
 *       go.
 *   <li>Acquires and releases are first sent as plain cases ({@link PlainSql}), unless their record
 *       is in {@link ContendedRecords}. Those without a row are sent again with the statement that
 *       knows all cases.
 *   <li>A statement that lost against a concurrent one (a serialisation conflict where the database
 *       insists on that level) is sent again at once, a few times.
 *   <li>A statement that waited too long for a locked record changed nothing. Its locked records
 *       are found without waiting, their requests fail with {@link PostgresErrors.RecordLocked},
 *       and the others are sent again. A request that is tried again after that never waits for the
 *       lock.
 *   <li>A statement has the latest deadline of its requests ({@link ServerClock}), if all of them
 *       have one. A statement that the server refused as late, though a caller still waits, is sent
 *       again without a deadline: it had no effect, and the server's clock was set forward.
 *   <li>A statement that failed because the server takes no more notifications is sent again
 *       without notifications: they are only hints, but the change must be made.
 *   <li>Where that does not help, and where one request may have caused an error, each is sent on
 *       its own: one failure does not affect the others.
 * </ol>
 */
final class PostgresBatch {
  private static final int CONFLICTS = 10;

  /** Its time was over before there was a connection. */
  static final class TooLate extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooLate() {
      super("not sent in time", null, false, false);
    }
  }

  private final PgConnection connection;
  private final Statements statements;
  private final ContendedRecords contended;
  private final List<PostgresRequest> requests;
  private final ServerClock clock;
  private final Scheduler scheduler;
  private final long now;
  private boolean notifying = true;
  private final Map<PostgresRequest, Future<Row>> answers = new IdentityHashMap<>();

  PostgresBatch(
      PgConnection connection,
      Statements statements,
      ContendedRecords contended,
      List<PostgresRequest> requests,
      ServerClock clock,
      Scheduler scheduler) {
    this.connection = connection;
    this.statements = statements;
    this.contended = contended;
    this.requests = requests;
    this.clock = clock;
    this.scheduler = scheduler;
    this.now = scheduler.nanoTime();
  }

  Future<List<Future<Row>>> send() {
    Map<PostgresRequest.Kind, List<PostgresRequest>> plain =
        new EnumMap<>(PostgresRequest.Kind.class);
    Map<PostgresRequest.Kind, List<PostgresRequest>> fresh =
        new EnumMap<>(PostgresRequest.Kind.class);
    List<PostgresRequest> suspects = new ArrayList<>(0);
    for (PostgresRequest request : requests) {
      if (request.deadline() - now <= 0) {
        answers.put(request, Future.failedFuture(new TooLate()));
      } else if (request.patient()) {
        boolean perhaps = request.mayBePlain() && !contended.contains(request.record(), now);
        (perhaps ? plain : fresh)
            .computeIfAbsent(request.kind(), kind -> new ArrayList<>(requests.size()))
            .add(request);
      } else {
        suspects.add(request);
      }
    }
    List<Future<Void>> parts = new ArrayList<>(plain.size() + fresh.size() + 1);
    plain.forEach((kind, some) -> parts.add(runPlain(kind, some)));
    fresh.forEach((kind, some) -> parts.add(run(kind, some, 0)));
    if (!suspects.isEmpty()) {
      parts.add(siftOut(suspects));
    }
    return (parts.size() == 1 ? parts.get(0) : Future.join(parts).mapEmpty())
        .map(sent -> requests.stream().map(answers::get).toList());
  }

  private Future<Void> runPlain(PostgresRequest.Kind kind, List<PostgresRequest> some) {
    return statements
        .runPlain(connection, kind, some, deadline(some))
        .transform(
            result -> {
              if (result.failed()) {
                return failed(kind, some, 0, result.cause());
              }
              List<PostgresRequest> others = answerPlain(some, result.result());
              return others.isEmpty() ? Future.succeededFuture() : run(kind, others, 0);
            });
  }

  private Future<Void> run(PostgresRequest.Kind kind, List<PostgresRequest> some, int conflicts) {
    return statements
        .run(connection, kind, some, deadline(some), notifying)
        .transform(
            result -> {
              if (result.succeeded()) {
                answer(some, result.result());
                rememberContended(some);
                return Future.succeededFuture();
              }
              return failed(kind, some, conflicts, result.cause());
            });
  }

  /**
   * The latest deadline of the requests, by the server's clock; {@link ServerClock#NEVER} if one
   * has none.
   */
  private long deadline(List<PostgresRequest> some) {
    long latest = now;
    for (PostgresRequest request : some) {
      if (!request.mustNotBeLate()) {
        return ServerClock.NEVER;
      }
      latest = request.deadline() - latest > 0 ? request.deadline() : latest;
    }
    return clock.at(latest, Duration.ZERO);
  }

  private Future<Void> failed(
      PostgresRequest.Kind kind, List<PostgresRequest> some, int conflicts, Throwable cause) {
    if (PostgresErrors.isConflict(cause) && conflicts < CONFLICTS) {
      return run(kind, some, conflicts + 1);
    }
    if (PostgresErrors.isOfNotifications(cause) && conflicts < CONFLICTS) {
      notifying = false;
      return run(kind, some, conflicts + 1);
    }
    if (PostgresErrors.isLate(cause)) {
      return late(kind, some, conflicts, cause);
    }
    if (some.size() == 1) {
      return fail(some, cause);
    }
    if (PostgresErrors.isLocked(cause)) {
      return siftOut(some);
    }
    return PostgresErrors.mayBeOneRequests(cause) ? oneByOne(kind, some) : fail(some, cause);
  }

  private Future<Void> late(
      PostgresRequest.Kind kind, List<PostgresRequest> some, int conflicts, Throwable cause) {
    long time = scheduler.nanoTime();
    if (conflicts == CONFLICTS
        || some.stream().allMatch(request -> request.deadline() - time <= 0)) {
      return fail(some, cause);
    }
    clock.forget();
    return run(kind, some, conflicts + 1);
  }

  /** Sends those whose records are not locked now. */
  private Future<Void> siftOut(List<PostgresRequest> some) {
    return statements
        .busy(connection, some)
        .transform(
            result -> {
              if (result.failed()) {
                return fail(some, result.cause());
              }
              Set<String> busy = new HashSet<>();
              result.result().forEach(row -> busy.add(record(row)));
              Map<PostgresRequest.Kind, List<PostgresRequest>> free =
                  new EnumMap<>(PostgresRequest.Kind.class);
              for (PostgresRequest request : some) {
                if (busy.contains(request.record())) {
                  answers.put(
                      request, Future.failedFuture(new PostgresErrors.RecordLocked(request)));
                } else {
                  free.computeIfAbsent(request.kind(), kind -> new ArrayList<>()).add(request);
                }
              }
              List<Future<Void>> parts = new ArrayList<>();
              free.forEach((kind, group) -> parts.add(runOrSplit(kind, group)));
              return parts.isEmpty() ? Future.succeededFuture() : Future.join(parts).mapEmpty();
            });
  }

  private Future<Void> runOrSplit(PostgresRequest.Kind kind, List<PostgresRequest> group) {
    return statements
        .run(connection, kind, group, deadline(group), notifying)
        .transform(
            result -> {
              if (result.succeeded()) {
                answer(group, result.result());
                return Future.succeededFuture();
              }
              return oneByOne(kind, group);
            });
  }

  private Future<Void> oneByOne(PostgresRequest.Kind kind, List<PostgresRequest> some) {
    List<Future<Void>> parts = new ArrayList<>(some.size());
    some.forEach(request -> parts.add(run(kind, List.of(request), 0)));
    return Future.join(parts).mapEmpty();
  }

  private Future<Void> fail(List<PostgresRequest> some, Throwable cause) {
    boolean later = PostgresErrors.isLocked(cause) || PostgresErrors.isConflict(cause);
    some.forEach(
        request ->
            answers.put(
                request,
                Future.failedFuture(later ? new PostgresErrors.RecordLocked(request) : cause)));
    return Future.succeededFuture();
  }

  /** Returns those without a row. */
  private List<PostgresRequest> answerPlain(List<PostgresRequest> some, RowSet<Row> rows) {
    answer(some, rows);
    if (rows.size() == some.size()) {
      return List.of();
    }
    List<PostgresRequest> others = new ArrayList<>();
    for (PostgresRequest request : some) {
      if (answers.get(request).result() == null) {
        contended.add(request.record(), now);
        others.add(request);
      }
    }
    return others;
  }

  /** A request without a row gets null: nothing was changed, nothing found. */
  private void answer(List<PostgresRequest> some, RowSet<Row> rows) {
    if (some.size() == 1) {
      Row row = rows.size() == 0 ? null : rows.iterator().next();
      answers.put(some.get(0), Future.succeededFuture(row));
      return;
    }
    if (some.get(0).kind() == PostgresRequest.Kind.READ) {
      // Several may be about one record, so each row has its request's number.
      some.forEach(request -> answers.put(request, Future.succeededFuture(null)));
      rows.forEach(row -> answers.put(some.get(number(row)), Future.succeededFuture(row)));
      return;
    }
    Map<String, Row> byRecord = new HashMap<>(2 * rows.size());
    rows.forEach(row -> byRecord.put(record(row), row));
    some.forEach(
        request -> answers.put(request, Future.succeededFuture(byRecord.get(request.record()))));
  }

  /** A refusal, or an offer to the first waiter, means that the record has another user. */
  private void rememberContended(List<PostgresRequest> some) {
    for (PostgresRequest request : some) {
      Row row = request.mayBePlain() ? answers.get(request).result() : null;
      if (row != null
          && (request.kind() == PostgresRequest.Kind.ACQUIRE
              ? !Boolean.TRUE.equals(row.getBoolean(2))
              : Boolean.TRUE.equals(row.getBoolean(LeaseRows.OFFERED)))) {
        contended.add(request.record(), now);
      }
    }
  }

  private static int number(Row row) {
    return row.getLong(LeaseSql.NUMBER).intValue() - 1;
  }

  private static String record(Row row) {
    return row.getString(0) + ":" + row.getString(1);
  }
}
