package dev.conclave.backend.postgres;

import dev.conclave.backend.ErrorCode;
import io.vertx.pgclient.PgException;
import io.vertx.serviceproxy.ServiceException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.util.Set;

/**
 * What the database's errors mean. Of the server's words only the message proper is passed on: its
 * detail may show a row, and with it a token.
 */
final class PgErrors {
  private static final Set<String> LOCKED = Set.of("55P03");
  private static final Set<String> CONFLICT = Set.of("40001", "40P01");

  /** Classes of errors that no single request is to blame for. */
  private static final Set<String> COMMON = Set.of("08", "25", "28", "3D", "3F", "42", "53", "57");

  private PgErrors() {}

  /** A record was locked by somebody else for longer than we wait. */
  static boolean isLocked(Throwable failure) {
    return LOCKED.contains(state(failure));
  }

  /** The same statement may well succeed the next time. */
  static boolean isConflict(Throwable failure) {
    return CONFLICT.contains(state(failure));
  }

  /** There is no such table. */
  static boolean isMissingTable(Throwable failure) {
    return "42P01".equals(state(failure));
  }

  /** Whether the server said no to something that one request among others may have caused. */
  static boolean mayBeOneRequests(Throwable failure) {
    String state = state(failure);
    return state.length() == 5 && !COMMON.contains(state.substring(0, 2));
  }

  /** The server has not said this. */
  static boolean isOfTheConnection(Throwable failure) {
    return !(failure instanceof PgException
        || failure instanceof RecordLocked
        || failure instanceof PgBatch.TooLate);
  }

  /** The connection is closed, or the server is about to close it. */
  static boolean endsTheConnection(Throwable failure) {
    return failure instanceof ClosedConnectionException || failure instanceof PgException;
  }

  private static String state(Throwable failure) {
    return failure instanceof PgException error && error.getSqlState() != null
        ? error.getSqlState()
        : "";
  }

  /** What happened, for people, without credentials and rows. */
  static String reason(Throwable failure) {
    if (failure instanceof PgException error) {
      return error.getErrorMessage() + " (SQLSTATE " + error.getSqlState() + ")";
    }
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /** A failure for callers; one of ours is passed on. */
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
