package dev.conclave.backend.postgres;

/** The statements around the leases: registers, watches, and keeping the table in order. */
final class UpkeepSql {
  /**
   * The kind of records that are registers; no {@link dev.conclave.backend.LeaseKey.Kind} has it.
   */
  static final String REGISTER = "register";

  private UpkeepSql() {}

  /**
   * $1 kinds (all of them registers), $2 names, $3 marks, $4 lock timeout. Returns the registers
   * that moved: the condition is evaluated on the locked record.
   */
  static final String ADVANCE =
      """
      INSERT INTO conclave_lease AS l (kind, name, fence, since)
      SELECT r.kind, r.name, r.mark, clock_timestamp()
      FROM (SELECT set_config('lock_timeout', $4::text, true)) AS bounded,
        unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[])) AS r(kind, name, mark)
      ORDER BY r.kind COLLATE "C", r.name COLLATE "C"
      ON CONFLICT (kind, name) DO UPDATE SET fence = excluded.fence, since = clock_timestamp()
      WHERE l.fence < excluded.fence
      RETURNING l.kind, l.name
      """;

  /**
   * $1 kinds (all of them registers), $2 names. Returns for every name the mark, if it was set, and
   * the server's time.
   */
  static final String REGISTER_READ =
      """
      SELECT r.kind, r.name, l.fence, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
      FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) AS r(kind, name)
        LEFT JOIN LATERAL (
          SELECT s.fence FROM conclave_lease s
          WHERE s.kind = r.kind AND s.name = r.name OFFSET 0
        ) l ON true
      """;

  /**
   * $1 kinds (all of them registers), $2 names, $3 marks, $4 lock timeout, $5 deadline. Returns the
   * registers that were set back: the condition is evaluated on the locked record.
   */
  static final String RETREAT =
      """
      WITH asked AS (
        SELECT r.* FROM $BOUNDED,
          unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]))
            AS r(kind, name, mark)
      ), locked AS MATERIALIZED (
        SELECT a.mark, l.kind, l.name
        FROM asked a JOIN conclave_lease l ON l.kind = a.kind AND l.name = a.name
        ORDER BY l.kind, l.name
        FOR NO KEY UPDATE OF l
      )
      UPDATE conclave_lease l SET fence = d.mark, since = clock_timestamp()
      FROM locked d
      WHERE l.kind = d.kind AND l.name = d.name AND l.fence > d.mark
      RETURNING l.kind, l.name
      """
          .replace("$BOUNDED", LeaseSql.bounded("$4", "$5"));

  /**
   * $1 kinds, $2 names, $3 how long to announce changes, in ms, $4 lock timeout. A record that is
   * marked for long enough is left alone, so that many watchers of one key cause few writes.
   */
  static final String WATCH =
      """
      INSERT INTO conclave_lease AS l (kind, name, watched_until)
      SELECT r.kind, r.name, clock_timestamp() + $3::bigint * interval '1 millisecond'
      FROM (SELECT set_config('lock_timeout', $4::text, true)) AS bounded,
        unnest((SELECT $1::text[]), (SELECT $2::text[])) AS r(kind, name)
        LEFT JOIN LATERAL (
          SELECT s.watched_until FROM conclave_lease s
          WHERE s.kind = r.kind AND s.name = r.name OFFSET 0
        ) l ON true
      WHERE l.watched_until IS NULL
        OR l.watched_until < clock_timestamp() + $3::bigint * interval '0.6 milliseconds'
      ORDER BY r.kind COLLATE "C", r.name COLLATE "C"
      ON CONFLICT (kind, name) DO UPDATE SET watched_until = excluded.watched_until
      """;

  /**
   * $1 kinds, $2 names. Returns the keys whose records another transaction has locked now, without
   * waiting.
   */
  static final String BUSY =
      """
      WITH asked AS (
        SELECT r.* FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) AS r(kind, name)
      ), free AS MATERIALIZED (
        SELECT l.kind, l.name
        FROM asked a JOIN conclave_lease l ON l.kind = a.kind AND l.name = a.name
        FOR NO KEY UPDATE OF l SKIP LOCKED
      )
      SELECT l.kind, l.name
      FROM asked a JOIN conclave_lease l ON l.kind = a.kind AND l.name = a.name
      WHERE NOT EXISTS (SELECT FROM free f WHERE f.kind = l.kind AND f.name = l.name)
      """;

  /**
   * $1 idle retention in ms, $2 kind and $3 name of the last record that was examined. Examines the
   * 1000 records that follow, and drops the idle ones; never a register, and none that is locked.
   * Returns the last one that was examined, if there may be more.
   *
   * <p>Records are found again by their position in the table, in an array: so no plan reads the
   * whole table, small or grown since. A record that was changed meanwhile is judged by its latest
   * version, or left alone. A malformed queue, which another program may have written, keeps no
   * record alive, and does not fail the statement: that would end the purge.
   */
  static final String PURGE =
      """
      WITH examined AS MATERIALIZED (
        SELECT l.ctid AS row, l.kind, l.name FROM conclave_lease l
        WHERE (l.kind, l.name) > ($2::text COLLATE "C", $3::text COLLATE "C")
        ORDER BY l.kind, l.name
        LIMIT 1000
      ), idle AS MATERIALIZED (
        SELECT l.ctid AS row FROM conclave_lease l
        WHERE l.ctid = ANY (ARRAY(SELECT x.row FROM examined x)) AND l.kind <> 'register'
          AND greatest(l.since, l.expires_at, l.watched_until)
            < clock_timestamp() - $1::bigint * interval '1 millisecond'
          AND NOT EXISTS (
            SELECT
            FROM jsonb_array_elements(
              CASE WHEN jsonb_typeof(l.line) = 'array' THEN l.line END) AS e(entry)
            WHERE jsonb_typeof(e.entry->'until') = 'number'
              AND e.entry->'until'
                > to_jsonb((extract(epoch FROM clock_timestamp()) * 1000000)::bigint))
        FOR UPDATE OF l SKIP LOCKED
      ), dropped AS (
        DELETE FROM conclave_lease l WHERE l.ctid = ANY (ARRAY(SELECT i.row FROM idle i))
      )
      SELECT x.kind, x.name FROM examined x ORDER BY x.kind, x.name LIMIT 1 OFFSET 999
      """;

  /** Fails unless there is a table of the right shape that we may use. */
  static final String PROBE =
      """
      SELECT kind, name, token, offered, owner, metadata, fence, since, duration, expires_at, line,
        watched_until
      FROM conclave_lease LIMIT 0
      """;

  /** Holds off every other process that is about to create tables, until the transaction ends. */
  static final String MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(7165066735023219565);\n";
}
