package dev.conclave.backend.postgres;

/**
 * The statements for the plain case, which is nearly every case: a lease that is free, or that
 * ends, without waiters and watchers. Then there is nothing to decide.
 *
 * <p>Requests without a returned row are sent again with the statements of {@link LeaseSql}, which
 * know all cases. The server takes several times as long to start the plans of those as to write a
 * row: that is most of the cost of a lone request. For the same reason a lone request has a text
 * without arrays.
 *
 * <ol>
 *   <li><b>A returned row means exactly what it means in {@link LeaseSql}</b>, and the record is
 *       the same. No row means that nothing was changed, for a reason that the other statement
 *       finds.
 *   <li><b>Decisions see the latest row.</b> {@code ON CONFLICT DO UPDATE} evaluates its {@code
 *       WHERE} on the locked row and reads the clock there. So does the release of many, which
 *       locks first. The release of one evaluates the row before it waits for the lock, and again
 *       if the row has changed meanwhile. If it has not changed, the lease was live at the
 *       evaluation, and {@code least} makes sure that its expiry is never moved to a later time.
 *   <li><b>Readings of the clock.</b> Within one row each is later than the one before by less than
 *       a microsecond or so; nothing here compares two of them.
 *   <li><b>No deadlocks</b>, arrays hidden from the planner, lock timeout and deadline within: as
 *       in {@link LeaseSql}. A join alone would lock in any order that the planner chooses.
 * </ol>
 */
final class PlainSql {
  private PlainSql() {}

  private static final String BOUNDED = LeaseSql.bounded("$7", "$8");

  private static final String GRANT =
      """
      ON CONFLICT (kind, name) DO UPDATE SET
        token = excluded.token, offered = false, owner = excluded.owner,
        metadata = excluded.metadata, duration = excluded.duration,
        fence = greatest(l.fence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
        since = clock_timestamp(),
        expires_at = clock_timestamp() + excluded.duration * interval '1 millisecond'
      WHERE l.expires_at <= clock_timestamp() AND l.line IS NULL
        AND (l.watched_until IS NULL OR l.watched_until <= clock_timestamp())
      RETURNING l.kind, l.name, true, l.fence
      """;

  /**
   * $1 kind, $2 name, $3 token, $4 owner, $5 metadata, $6 duration in ms, $7 lock timeout, $8
   * deadline.
   */
  static final String ACQUIRE_ONE =
      """
      INSERT INTO conclave_lease AS l
        (kind, name, token, owner, metadata, duration, fence, since, expires_at)
      SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp(),
        clock_timestamp() + $6::bigint * interval '1 millisecond'
      FROM $BOUNDED
      """
              .replace("$BOUNDED", BOUNDED)
          + GRANT;

  /** The same with arrays. Returns the keys that were granted, and their fencing tokens. */
  static final String ACQUIRE_MANY =
      """
      INSERT INTO conclave_lease AS l
        (kind, name, token, owner, metadata, duration, fence, since, expires_at)
      SELECT r.kind, r.name, r.token, r.owner, r.metadata, r.duration,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp(),
        clock_timestamp() + r.duration * interval '1 millisecond'
      FROM $BOUNDED,
        unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[]),
          (SELECT $5::text[]), (SELECT $6::bigint[]))
          AS r(kind, name, token, owner, metadata, duration)
      ORDER BY r.kind COLLATE "C", r.name COLLATE "C"
      """
              .replace("$BOUNDED", BOUNDED)
          + GRANT;

  /** $1 kind, $2 name, $3 token, $4 lock timeout. */
  static final String RELEASE_ONE =
      """
      UPDATE conclave_lease l SET token = NULL, owner = NULL, metadata = NULL,
        since = clock_timestamp(), expires_at = least(l.expires_at, clock_timestamp())
      FROM (SELECT set_config('lock_timeout', $4::text, true)) AS bounded
      WHERE l.kind = $1::text AND l.name = $2::text AND l.token = $3::text AND NOT l.offered
        AND l.expires_at > clock_timestamp() AND l.line IS NULL
        AND (l.watched_until IS NULL OR l.watched_until <= clock_timestamp())
      RETURNING l.kind, l.name, true
      """;

  /**
   * The same with arrays. Returns the keys whose lease ended.
   *
   * <p>The locked rows are found again by their physical position ({@code ctid}). For this join the
   * planner needs no statistics, so a plan that was made while the table was small stays good. A
   * row that was changed after the snapshot is not found there, and stays as it is.
   */
  static final String RELEASE_MANY =
      """
      UPDATE conclave_lease l
      SET token = NULL, owner = NULL, metadata = NULL, since = d.now, expires_at = d.now
      FROM (
        SELECT locked.*, clock_timestamp() AS now
        FROM (
          SELECT s.ctid AS row, s.expires_at, s.watched_until
          FROM (SELECT set_config('lock_timeout', $4::text, true)) AS bounded,
            unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]))
              AS r(kind, name, token)
            JOIN conclave_lease s ON s.kind = r.kind AND s.name = r.name
          WHERE s.token = r.token AND NOT s.offered AND s.line IS NULL
          ORDER BY s.kind, s.name
          FOR NO KEY UPDATE OF s
        ) AS locked
      ) AS d
      WHERE l.ctid = d.row AND d.expires_at > d.now
        AND (d.watched_until IS NULL OR d.watched_until <= d.now)
      RETURNING l.kind, l.name, true
      """;
}
