package dev.conclave.backend.postgres;

import dev.conclave.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A table's name, perhaps with its schema, that is safe to insert into a statement.
 *
 * <p>Each part is either lower-case letters, digits and underscores, or any text in double quotes
 * that has no double quotes or control characters; so the name means the same as it does in psql.
 *
 * @param quoted every part in double quotes
 */
record TableName(String quoted) {
  static final String DEFAULT = "conclave_lease";

  private static final int MAX_BYTES = 63;
  private static final String PART = "([a-z_][a-z0-9_]*|\"[^\"\\p{Cntrl}]+\")";
  private static final Pattern NAME = Pattern.compile("(?:" + PART + "\\.)?" + PART);

  static TableName parse(String text) {
    Matcher parts = NAME.matcher(text);
    if (!parts.matches()) {
      throw refused(
          text,
          "must be [schema.]table, each of them lower-case letters, digits and underscores,"
              + " or in double quotes");
    }
    String schema = parts.group(1) == null ? "" : quote(text, parts.group(1)) + ".";
    return new TableName(schema + quote(text, parts.group(2)));
  }

  private static String quote(String text, String part) {
    String bare = part.startsWith("\"") ? part.substring(1, part.length() - 1) : part;
    if (bare.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw refused(text, "has a part of more than " + MAX_BYTES + " bytes");
    }
    return '"' + bare + '"';
  }

  private static RuntimeException refused(String text, String rule) {
    String shown = text.length() > 80 ? text.substring(0, 80) + "…" : text;
    return ErrorCode.INVALID.failure(
        "backend.table '" + shown.replaceAll("\\p{Cntrl}", "?") + "' " + rule);
  }

  /** The statement for this table; it is written for the default one. */
  String in(String sql) {
    return sql.replace(DEFAULT, quoted);
  }

  /** A statement that returns whether there is such a table, without an error if there is none. */
  String exists() {
    return "SELECT to_regclass('" + quoted.replace("'", "''") + "') IS NOT NULL";
  }

  @Override
  public String toString() {
    return quoted;
  }
}
