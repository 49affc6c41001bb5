package dev.conclave.backend.postgres;

import dev.conclave.backend.support.Resources;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;

/**
 * Makes sure that the table exists.
 *
 * <ol>
 *   <li>Probe: a table of the right shape that we may use is enough. Where a missing one may be
 *       created, ask first whether there is one: a failure would be an error in the server's log.
 *   <li>If it is missing and we may create it: take the advisory lock and create it unless it is
 *       there by now. Sent as one simple query, both are one transaction, also behind a pooler; so
 *       of any number of processes that start at once one creates it and the others find it.
 * </ol>
 */
final class Migration {
  /** The text of {@code conf/postgres-schema.sql}. */
  static final String SCHEMA = Resources.text(Migration.class, "schema.sql");

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
}
