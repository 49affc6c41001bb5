package dev.conclave.backend.postgres;

import dev.conclave.backend.SyncBackend;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** The statements for one table, and how requests become their arrays. */
final class Statements {
  /** What clients' channels begin with; the rest is the client's id. */
  static final String CHANNEL = "conclave_";

  /**
   * How long a batch waits for a locked record: longer than another batch takes to commit, too
   * short for a caller to notice.
   */
  static final String LOCK_TIMEOUT = "100ms";

  private final String self;
  private final String watchChannel;
  private final String acquire;
  private final String acquireOne;
  private final String acquireMany;
  private final String extend;
  private final String vacate;
  private final String releaseOne;
  private final String releaseMany;
  private final String read;
  private final String advance;
  private final String register;
  private final String retreat;
  private final String busy;
  private final String list;
  private final String watch;
  private final String purge;

  /**
   * @param client id of the client whose statements these are
   */
  Statements(TableName table, String client) {
    self = client;
    watchChannel = CHANNEL + "watch_" + Integer.toHexString(table.quoted().hashCode());
    acquire = table.in(LeaseSql.ACQUIRE);
    acquireOne = table.in(PlainSql.ACQUIRE_ONE);
    acquireMany = table.in(PlainSql.ACQUIRE_MANY);
    extend = table.in(LeaseSql.EXTEND);
    vacate = table.in(LeaseSql.VACATE);
    releaseOne = table.in(PlainSql.RELEASE_ONE);
    releaseMany = table.in(PlainSql.RELEASE_MANY);
    read = table.in(LeaseSql.READ);
    list = table.in(LeaseSql.LIST);
    advance = table.in(UpkeepSql.ADVANCE);
    register = table.in(UpkeepSql.REGISTER_READ);
    retreat = table.in(UpkeepSql.RETREAT);
    busy = table.in(UpkeepSql.BUSY);
    watch = table.in(UpkeepSql.WATCH);
    purge = table.in(UpkeepSql.PURGE);
  }

  /**
   * Where changes of watched keys are announced; two tables may share it, at the cost of needless
   * hints.
   */
  String watchChannel() {
    return watchChannel;
  }

  /**
   * One statement for all of these requests, which are of this kind and of different records.
   *
   * @param deadline microseconds of the server's clock
   * @param notifying whether the statement may send notifications
   */
  Future<RowSet<Row>> run(
      SqlClient client,
      PostgresRequest.Kind kind,
      List<PostgresRequest> requests,
      long deadline,
      boolean notifying) {
    String[] kinds = strings(requests, PostgresRequest::space);
    String[] names = strings(requests, PostgresRequest::name);
    return switch (kind) {
      case ACQUIRE ->
          run(
              client,
              acquire,
              kinds,
              names,
              strings(requests, PostgresRequest::token),
              strings(requests, PostgresRequest::owner),
              strings(requests, PostgresRequest::metadata),
              numbers(requests),
              strings(requests, PostgresRequest::extra),
              LOCK_TIMEOUT,
              notifying ? watchChannel : null,
              deadline);
      case EXTEND ->
          run(
              client,
              extend,
              kinds,
              names,
              strings(requests, PostgresRequest::token),
              numbers(requests),
              LOCK_TIMEOUT,
              deadline);
      case VACATE ->
          run(
              client,
              vacate,
              kinds,
              names,
              strings(requests, PostgresRequest::extra),
              strings(requests, PostgresRequest::token),
              LOCK_TIMEOUT,
              SyncBackend.OFFER.toMillis(),
              notifying ? watchChannel : null,
              notifying ? CHANNEL : null,
              self,
              deadline);
      case READ -> run(client, read, kinds, names, strings(requests, PostgresRequest::token));
      case ADVANCE -> run(client, advance, kinds, names, numbers(requests), LOCK_TIMEOUT);
      case REGISTER -> run(client, register, kinds, names);
      case RETREAT -> run(client, retreat, kinds, names, numbers(requests), LOCK_TIMEOUT, deadline);
    };
  }

  /** Runs all of these as plain cases; returns no row for those that are not. */
  Future<RowSet<Row>> runPlain(
      SqlClient client, PostgresRequest.Kind kind, List<PostgresRequest> requests, long deadline) {
    PostgresRequest one = requests.size() == 1 ? requests.get(0) : null;
    if (kind == PostgresRequest.Kind.ACQUIRE) {
      return one != null
          ? run(
              client,
              acquireOne,
              one.space(),
              one.name(),
              one.token(),
              one.owner(),
              one.metadata(),
              one.number(),
              LOCK_TIMEOUT,
              deadline)
          : run(
              client,
              acquireMany,
              strings(requests, PostgresRequest::space),
              strings(requests, PostgresRequest::name),
              strings(requests, PostgresRequest::token),
              strings(requests, PostgresRequest::owner),
              strings(requests, PostgresRequest::metadata),
              numbers(requests),
              LOCK_TIMEOUT,
              deadline);
    }
    return one != null
        ? run(client, releaseOne, one.space(), one.name(), one.token(), LOCK_TIMEOUT)
        : run(
            client,
            releaseMany,
            strings(requests, PostgresRequest::space),
            strings(requests, PostgresRequest::name),
            strings(requests, PostgresRequest::token),
            LOCK_TIMEOUT);
  }

  /** Which of the requests' records another transaction has locked. */
  Future<RowSet<Row>> busy(SqlClient client, List<PostgresRequest> requests) {
    return run(
        client,
        busy,
        strings(requests, PostgresRequest::space),
        strings(requests, PostgresRequest::name));
  }

  /** Live leases in the order of their names, and where to go on; see {@link LeaseSql#LIST}. */
  Future<RowSet<Row>> list(SqlClient client, String kind, String first, String last, int limit) {
    return run(client, list, kind, first, last, (long) limit);
  }

  /** Has changes of these records announced for a while. */
  Future<RowSet<Row>> watch(SqlClient client, String[] kinds, String[] names, Duration span) {
    return run(client, watch, kinds, names, span.toMillis(), LOCK_TIMEOUT);
  }

  /** Drops idle records among the next ones; returns where to go on, if there are more. */
  Future<RowSet<Row>> purge(SqlClient client, Duration retention, String kind, String name) {
    return run(client, purge, retention.toMillis(), kind, name);
  }

  private static Future<RowSet<Row>> run(SqlClient client, String sql, Object... arguments) {
    return client.preparedQuery(sql).execute(Tuple.wrap(arguments));
  }

  private static String[] strings(
      List<PostgresRequest> requests, Function<PostgresRequest, String> part) {
    String[] strings = new String[requests.size()];
    for (int i = 0; i < strings.length; i++) {
      strings[i] = part.apply(requests.get(i));
    }
    return strings;
  }

  private static Long[] numbers(List<PostgresRequest> requests) {
    Long[] numbers = new Long[requests.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = requests.get(i).number();
    }
    return numbers;
  }
}
