package dev.conclave.backend.postgres;

import dev.conclave.error.ErrorCode;
import io.vertx.pgclient.PgException;
import io.vertx.serviceproxy.ServiceException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.io.IOException;
import java.util.Set;

/**
 * The database's errors. Only the message itself is passed on: its detail may show a row, and with
 * it a token.
 */
final class PostgresErrors {
  private static final Set<String> LOCKED = Set.of("55P03");
  private static final Set<String> CONFLICT = Set.of("40001", "40P01");

  /** Classes of errors that no single request causes. */
  private static final Set<String> COMMON = Set.of("08", "25", "28", "3D", "3F", "42", "53", "57");

  /**
   * Refusals by a server, or a pooler in front of it, that is not the one to write to: connections
   * that fail, logins that are refused, and a server that stops or starts. 3D is a database that is
   * gone, 0A a standby that cannot do what a setting asks for.
   */
  private static final Set<String> NOT_HERE_CLASSES = Set.of("08", "0A", "28", "3D");

  /** Read-only; a session or transaction that took too long; 57P01 to 57P05: stops or starts. */
  private static final Set<String> NOT_HERE =
      Set.of("25006", "25P03", "25P04", "57P01", "57P02", "57P03", "57P04", "57P05");

  private PostgresErrors() {}

  /** Whether a new connection may find a server that takes the request. */
  static boolean isNotHere(Throwable failure) {
    String state = state(failure);
    return failure instanceof NotWritable
        || NOT_HERE.contains(state)
        || state.length() == 5 && NOT_HERE_CLASSES.contains(state.substring(0, 2));
  }

  /** Another transaction keeps the record locked: a later attempt may succeed. */
  static final class RecordLocked extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RecordLocked(PostgresRequest request) {
      super(
          "the record of "
              + request.space()
              + " '"
              + request.name()
              + "' is locked by another transaction",
          null,
          false,
          false);
    }
  }

  /** The server can be reached, but not written to. */
  static final class NotWritable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotWritable(String why) {
      super(why, null, false, false);
    }
  }

  /** Another transaction locked a record for longer than we wait. */
  static boolean isLocked(Throwable failure) {
    return LOCKED.contains(state(failure));
  }

  /** The statement arrived after its deadline, and had no effect. */
  static boolean isLate(Throwable failure) {
    return "22023".equals(state(failure))
        && ((PgException) failure).getErrorMessage().contains(LeaseSql.LATE);
  }

  /** The server takes no more notifications, so it has undone the statement that sent one. */
  static boolean isOfNotifications(Throwable failure) {
    return "54000".equals(state(failure));
  }

  /** The same statement may well succeed the next time. */
  static boolean isConflict(Throwable failure) {
    return CONFLICT.contains(state(failure));
  }

  /** The user lacks a right. */
  static boolean isForbidden(Throwable failure) {
    return "42501".equals(state(failure));
  }

  static boolean isMissingTable(Throwable failure) {
    return "42P01".equals(state(failure));
  }

  /** Whether one request of several may have caused the server's refusal. */
  static boolean mayBeOneRequests(Throwable failure) {
    String state = state(failure);
    return state.length() == 5 && !COMMON.contains(state.substring(0, 2));
  }

  /** Whether the failure did not come from the server: the connection may be broken. */
  static boolean isOfTheConnection(Throwable failure) {
    return !(failure instanceof PgException
        || failure instanceof RecordLocked
        || failure instanceof PostgresBatch.TooLate);
  }

  /** Whether the server is the wrong one, but keeps the connection open. */
  static boolean staysConnected(Throwable failure) {
    String state = state(failure);
    return failure instanceof NotWritable || state.equals("25006") || state.startsWith("0A");
  }

  /** The connection is closed, or the server is about to close it. */
  static boolean endsTheConnection(Throwable failure) {
    return failure instanceof ClosedConnectionException
        || failure instanceof IOException
        || failure instanceof PgException && !staysConnected(failure);
  }

  private static String state(Throwable failure) {
    return failure instanceof PgException error && error.getSqlState() != null
        ? error.getSqlState()
        : "";
  }

  /** The failure in words, without credentials and rows. */
  static String reason(Throwable failure) {
    if (failure instanceof PgException error) {
      return error.getErrorMessage() + " (SQLSTATE " + error.getSqlState() + ")";
    }
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /** The failure for callers. A failure that already has one of our codes is passed on. */
  static ServiceException unavailable(PostgresConfig config, Throwable failure) {
    if (failure instanceof ServiceException ours && ErrorCode.of(ours) != null) {
      return ours;
    }
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "PostgreSQL at " + config.where() + ": " + explain(config, failure));
  }

  private static String explain(PostgresConfig config, Throwable failure) {
    if (isMissingTable(failure) && !config.autoMigrate()) {
      return "the table "
          + config.table()
          + " is missing and autoMigrate is off; create it with conf/postgres-schema.sql";
    }
    if ("42703".equals(state(failure))) {
      return "the table "
          + config.table()
          + " is not the one of conf/postgres-schema.sql: "
          + reason(failure);
    }
    return reason(failure);
  }
}
