package dev.conclave.backend.postgres;

import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Sees to it that the table is there.
 *
 * <ol>
 *   <li>Look: a table of the right shape that we may use is all it takes. Where a missing one may
 *       be created, ask first whether there is one: a failure would be an error in the server's
 *       log.
 *   <li>If it is missing and we may create it: take the advisory lock and create it unless it is
 *       there by now. Sent as one simple query, both are one transaction, also behind a pooler; so
 *       of any number of processes that start at once one creates it and the others find it.
 * </ol>
 */
final class Migration {
  /** The text of {@code conf/postgres-schema.sql}. */
  static final String SCHEMA = read("schema.sql");

  private Migration() {}

  static Future<Void> ensure(PgConnection connection, PostgresConfig config) {
    return config.autoMigrate()
        ? exists(connection, config)
            .compose(there -> there ? probe(connection, config) : create(connection, config))
        : probe(connection, config);
  }

  private static Future<Boolean> exists(PgConnection connection, PostgresConfig config) {
    return connection
        .query(config.table().exists())
        .execute()
        .map(rows -> rows.iterator().next().getBoolean(0));
  }

  private static Future<Void> probe(PgConnection connection, PostgresConfig config) {
    return connection.query(config.table().in(UpkeepSql.PROBE)).execute().mapEmpty();
  }

  private static Future<Void> create(PgConnection connection, PostgresConfig config) {
    return connection
        .query(config.table().in(UpkeepSql.MIGRATION_LOCK + SCHEMA))
        .execute()
        .mapEmpty();
  }

  private static String read(String resource) {
    try (InputStream in = Migration.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the schema " + resource + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
