package dev.conclave.backend.postgres;

/**
 * The statements that decide about leases; one each, for any number of keys at once.
 *
 * <p>Why they are right under READ COMMITTED, where a statement sees what was committed when it
 * began and waits for rows that others are changing:
 *
 * <ol>
 *   <li><b>Decisions see the latest row.</b> {@code ON CONFLICT DO UPDATE} and {@code FOR NO KEY
 *       UPDATE} lock the latest version of a row, wait for it if they must, and compute from that
 *       version, not from the snapshot. An {@code UPDATE} that joins rows locked by a CTE follows
 *       the row to the very version that is locked.
 *   <li><b>One time per row, taken after its lock.</b> Every decision reads {@code
 *       clock_timestamp()} once, in a subquery that PostgreSQL may not flatten (it is volatile) and
 *       that runs for each row after it was locked. So no part of a decision can disagree with
 *       another, and a wait for the lock does not make an expired lease live.
 *   <li><b>No deadlocks.</b> Each statement locks its rows in one pass, in the order of (kind,
 *       name), and is a transaction of its own.
 *   <li><b>One plan for all sizes.</b> Arrays come through {@code (SELECT $1)}, which hides their
 *       length from the planner: it uses a generic plan instead of a new plan for each execution.
 *   <li>A statement waits for a lock up to its own {@code lock_timeout}; it is set within the
 *       statement, so it works behind a pooler that keeps no session state.
 *   <li><b>A request that its client has given up is not granted.</b> A statement that could harm
 *       others when it is carried out late has a deadline by the server's clock. After it, the lock
 *       timeout is invalid: the server refuses the statement, without any effect.
 *   <li><b>Grants and ends of leases are durable, positions in the queue are not.</b> A change of
 *       the queue alone does not wait for the disk: after a crash of the server, waiters have to
 *       request again. Neither does a release (not a revoke) that becomes an offer: until the claim
 *       is durable, and the release with it, a crash can only bring back the former lease, until it
 *       expires.
 *   <li>Durations are multiples of {@code interval '1 millisecond'}: an interval of days would
 *       depend on the session's time zone.
 * </ol>
 *
 * <p>Every row of a result begins with kind and name. Times are returned as microseconds.
 */
final class LeaseSql {
  private LeaseSql() {}

  /**
   * An invalid lock timeout: a statement sets it after its deadline, so that the server refuses the
   * statement.
   */
  static final String LATE = "too late";

  /**
   * Sets the lock timeout, or fails after the deadline.
   *
   * @param timeout the parameter with the lock timeout
   * @param deadline the parameter with the deadline (microseconds of the server's clock)
   */
  static String bounded(String timeout, String deadline) {
    return "(SELECT set_config('lock_timeout', CASE WHEN "
        + "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint <= "
        + deadline
        + "::bigint THEN "
        + timeout
        + "::text ELSE '"
        + LATE
        + "' END, true)) AS bounded";
  }

  /**
   * $1 kinds, $2 names, $3 tokens, $4 owners, $5 metadata, $6 durations in ms, $7 queues of one
   * waiter (JSON, null not to wait), $8 lock timeout, $9 the watchers' channel (null for no
   * notification), $10 deadline.
   *
   * <p>{@code asked}: a request without a waiter for a live lease of another token is refused by
   * the snapshot: no lock, no write. All others go through {@code tried}: inserted if the record is
   * missing, else decided on the locked record. The waiter is in the proposed row's {@code line},
   * without {@code until}; inserted with a granted lease it is ignored. A refusal only adds to the
   * queue.
   *
   * <p>A grant is new, not an extension, when the lease's time began with it.
   */
  static final String ACQUIRE =
      """
      WITH asked AS MATERIALIZED (
        SELECT r.*, l.fence, l.owner AS holder, l.metadata AS attached, l.since, l.expires_at,
          l.expires_at > clock_timestamp() AND l.token <> r.token AND r.entry IS NULL AS held
        FROM $BOUNDED,
          unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[]),
            (SELECT $5::text[]), (SELECT $6::bigint[]), (SELECT $7::text[]))
            AS r(kind, name, token, owner, metadata, duration, entry)
          LEFT JOIN LATERAL (
            SELECT s.token, s.owner, s.metadata, s.fence, s.since, s.expires_at
            FROM conclave_lease s WHERE s.kind = r.kind AND s.name = r.name OFFSET 0
          ) l ON true
      ), tried AS (
        INSERT INTO conclave_lease AS l
          (kind, name, token, owner, metadata, duration, since, expires_at, fence, line)
        SELECT a.kind, a.name, a.token, a.owner, a.metadata, a.duration,
          t.now, t.now + a.duration * interval '1 millisecond',
          (extract(epoch FROM t.now) * 1000000)::bigint, a.entry::jsonb
        FROM asked a CROSS JOIN LATERAL (SELECT clock_timestamp() AS now, a.kind) t
        WHERE a.held IS NOT TRUE
        ORDER BY a.kind COLLATE "C", a.name COLLATE "C"
        ON CONFLICT (kind, name) DO UPDATE SET
          (token, offered, owner, metadata, duration, since, expires_at, fence, line) = (
            SELECT
              CASE WHEN d.granted THEN excluded.token ELSE l.token END,
              l.offered AND NOT d.granted,
              CASE WHEN d.granted THEN excluded.owner ELSE l.owner END,
              CASE WHEN d.granted THEN excluded.metadata ELSE l.metadata END,
              CASE WHEN d.granted THEN excluded.duration ELSE l.duration END,
              CASE WHEN d.granted AND NOT d.mine THEN d.now ELSE l.since END,
              CASE WHEN d.granted THEN d.now + excluded.duration * interval '1 millisecond'
                ELSE l.expires_at END,
              CASE WHEN d.granted AND NOT d.mine THEN greatest(l.fence + 1, d.micros)
                ELSE l.fence END,
              CASE
                WHEN d.granted AND l.line IS NULL THEN NULL
                WHEN NOT d.granted AND excluded.line IS NULL THEN l.line
                ELSE (
                  SELECT jsonb_agg(p.entry ORDER BY p.i)
                  FROM (
                    SELECT CASE WHEN e.entry->>'t' = excluded.token THEN d.entry ELSE e.entry END, e.i
                    FROM jsonb_array_elements(l.line) WITH ORDINALITY AS e(entry, i)
                    WHERE CASE WHEN e.entry->>'t' = excluded.token THEN NOT d.granted
                      ELSE (e.entry->>'until')::bigint > d.micros END
                    UNION ALL
                    SELECT d.entry, 9223372036854775807
                    WHERE NOT d.granted AND NOT coalesce(
                      l.line @> jsonb_build_array(jsonb_build_object('t', excluded.token)), false)
                  ) AS p(entry, i))
              END
            FROM (
              SELECT m.*, excluded.line->0 || jsonb_build_object(
                  'until', m.micros + (excluded.line->0->>'patience')::bigint * 1000) AS entry
              FROM (
                SELECT t.now, (extract(epoch FROM t.now) * 1000000)::bigint AS micros,
                  coalesce(l.expires_at > t.now AND l.token = excluded.token AND NOT l.offered, false)
                    AS mine,
                  coalesce(l.expires_at <= t.now OR l.token = excluded.token, true) AS granted
                FROM (SELECT clock_timestamp() AS now) t
              ) m
            ) d)
        RETURNING l.kind, l.name,
          (l.kind, l.name, l.token) IN (SELECT a.kind, a.name, a.token FROM asked a)
            AND NOT l.offered AS granted,
          l.fence, l.owner, l.metadata, l.since, l.expires_at,
          l.expires_at = l.since + l.duration * interval '1 millisecond'
            AND l.watched_until > clock_timestamp() AS announced
      )
      SELECT kind, name, granted, fence,
        CASE WHEN NOT granted THEN owner END,
        CASE WHEN NOT granted THEN (extract(epoch FROM clock_timestamp() - since) * 1000000)::bigint END,
        CASE WHEN NOT granted THEN (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint END,
        CASE WHEN NOT granted THEN metadata END,
        CASE WHEN granted AND announced AND $9::text IS NOT NULL THEN pg_notify($9::text, kind || ':' || name)::text END,
        (SELECT set_config('synchronous_commit', 'off', true)
          WHERE NOT EXISTS (SELECT FROM tried t WHERE t.granted))
      FROM tried
      UNION ALL
      SELECT kind, name, false, fence, holder,
        (extract(epoch FROM clock_timestamp() - since) * 1000000)::bigint,
        (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::bigint,
        attached, NULL, NULL
      FROM asked WHERE held
      """
          .replace("$BOUNDED", bounded("$8", "$10"));

  /**
   * $1 kinds, $2 names, $3 tokens, $4 durations in ms, $5 lock timeout, $6 deadline.
   *
   * <p>Returns the keys that were extended.
   */
  static final String EXTEND =
      """
      WITH asked AS (
        SELECT r.* FROM $BOUNDED,
          unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::bigint[]))
            AS r(kind, name, token, duration)
      ), locked AS MATERIALIZED (
        SELECT a.duration, a.token = l.token AND NOT l.offered AS mine, l.kind, l.name, l.expires_at
        FROM asked a JOIN conclave_lease l ON l.kind = a.kind AND l.name = a.name
        ORDER BY l.kind, l.name
        FOR NO KEY UPDATE OF l
      ), timed AS MATERIALIZED (
        SELECT locked.*, clock_timestamp() AS now FROM locked
      )
      UPDATE conclave_lease l
      SET duration = d.duration, expires_at = d.now + d.duration * interval '1 millisecond'
      FROM timed d
      WHERE l.kind = d.kind AND l.name = d.name AND d.mine AND d.expires_at > d.now
      RETURNING l.kind, l.name
      """
          .replace("$BOUNDED", bounded("$5", "$6"));

  /**
   * $1 kinds, $2 names, $3 how (release, revoke, lapse), $4 tokens, $5 lock timeout, $6 how long an
   * offer stands in ms, $7 the watchers' channel, $8 what the clients' channels begin with (both
   * null for no notification), $9 this client, $10 deadline.
   *
   * <p>A release ends the token's lease or its offer, and removes it from the queue; a revoke ends
   * any lease; a lapse ends an offer that was not claimed in time. The lease becomes an offer to
   * the first waiter whose patience is not over. That waiter's client is notified, and so is the
   * client of the second waiter, which watches the end of the offer. If it is this client, the row
   * replaces the notification: a notification costs every client of the database a transaction, and
   * delays other commits that notify.
   *
   * <p>Returns the records it changed, whether a live lease ended, whether there is an offer now,
   * and the numbers of the first and the second waiter if they are this client's.
   */
  static final String VACATE =
      """
      WITH asked AS (
        SELECT r.* FROM $BOUNDED,
          unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[]))
            AS r(kind, name, how, token)
      ), locked AS MATERIALIZED (
        SELECT a.how, a.token AS by, l.kind, l.name, l.token, l.offered, l.expires_at, l.line
        FROM asked a JOIN conclave_lease l ON l.kind = a.kind AND l.name = a.name
        ORDER BY l.kind, l.name
        FOR NO KEY UPDATE OF l
      ), timed AS MATERIALIZED (
        SELECT locked.*, clock_timestamp() AS now FROM locked
      ), decided AS MATERIALIZED (
        SELECT t.how, t.kind, t.name, t.now,
          coalesce(NOT t.offered AND t.expires_at > t.now
            AND (t.how = 'revoke' OR t.how = 'release' AND t.token = t.by), false) AS vacated,
          coalesce(t.offered AND (t.how = 'lapse' AND t.expires_at <= t.now
            OR t.how IN ('release', 'leave') AND t.expires_at > t.now AND t.token = t.by), false) AS declined,
          CASE WHEN t.line IS NOT NULL THEN (
            SELECT jsonb_agg(e.entry ORDER BY e.i)
            FROM jsonb_array_elements(t.line) WITH ORDINALITY AS e(entry, i)
            WHERE (e.entry->>'until')::bigint > (extract(epoch FROM t.now) * 1000000)::bigint
              AND e.entry->>'t' IS DISTINCT FROM t.by) END AS entries
        FROM timed t
      ), changed AS (
        UPDATE conclave_lease l SET
          token = CASE WHEN d.ends THEN d.entries->0->>'t' ELSE l.token END,
          offered = CASE WHEN d.ends THEN d.entries IS NOT NULL ELSE l.offered END,
          owner = CASE WHEN d.ends THEN d.entries->0->>'owner' ELSE l.owner END,
          metadata = CASE WHEN NOT d.ends THEN l.metadata END,
          since = CASE WHEN d.ends THEN d.now ELSE l.since END,
          expires_at = CASE WHEN NOT d.ends THEN l.expires_at WHEN d.entries IS NULL THEN d.now
            ELSE d.now + $6::bigint * interval '1 millisecond' END,
          line = CASE WHEN d.ends THEN nullif(d.entries - 0, '[]'::jsonb) ELSE d.entries END
        FROM (SELECT decided.*, vacated OR declined AS ends FROM decided) d
        WHERE l.kind = d.kind AND l.name = d.name
          AND (d.ends OR l.line IS DISTINCT FROM d.entries)
        RETURNING d.how, l.kind, l.name, d.vacated, d.ends, d.entries,
          l.watched_until > d.now AS watched
      )
      SELECT kind, name, vacated,
        ends AND entries IS NOT NULL,
        CASE WHEN ends AND entries->0->>'client' = $9::text THEN (entries->0->>'n')::bigint END,
        CASE WHEN ends AND entries->1->>'client' = $9::text THEN (entries->1->>'n')::bigint END,
        CASE WHEN ends AND entries->0->>'client' <> $9::text AND $8::text IS NOT NULL THEN
          pg_notify($8::text || (entries->0->>'client'), entries->0->>'n')::text END,
        CASE WHEN ends AND entries->1->>'client' <> $9::text AND $8::text IS NOT NULL THEN
          pg_notify($8::text || (entries->1->>'client'), '+' || (entries->1->>'n'))::text END,
        CASE WHEN vacated AND watched AND $7::text IS NOT NULL THEN pg_notify($7::text, kind || ':' || name)::text END,
        (SELECT set_config('synchronous_commit', 'off', true)
          WHERE NOT EXISTS (
            SELECT FROM changed c WHERE c.vacated AND (c.entries IS NULL OR c.how = 'revoke')))
      FROM changed
      """
          .replace("$BOUNDED", bounded("$5", "$10"));

  /** The column in a row of {@link #READ} that has the number of its request, from 1. */
  static final int NUMBER = 8;

  /**
   * $1 kinds, $2 names, $3 tokens (null for none). Returns the live leases, and the number of the
   * request of each.
   */
  static final String READ =
      """
      SELECT l.kind, l.name, coalesce(l.token = r.token, false), l.fence, l.owner,
        (extract(epoch FROM l.now - l.since) * 1000000)::bigint,
        (extract(epoch FROM l.expires_at - l.now) * 1000000)::bigint,
        l.metadata, r.i
      FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[])) WITH ORDINALITY AS r(kind, name, token, i),
        LATERAL (
          SELECT s.*, clock_timestamp() AS now FROM conclave_lease s
          WHERE s.kind = r.kind AND s.name = r.name OFFSET 0
        ) l
      WHERE l.expires_at > l.now AND NOT l.offered
      """;

  /**
   * $1 kind, $2 and $3 between which names, $4 limit. Returns live leases, in the order of their
   * names. If there may be more, a last row follows, with false in place of true: the last record
   * that was examined. So a page of many idle records is short, or empty, and does not take long.
   *
   * <p>With one range and a constant limit, the planner finds that a walk of the index is cheapest.
   */
  static final String LIST =
      """
      WITH examined AS MATERIALIZED (
        SELECT s.kind, s.name, s.fence, s.owner, s.metadata, s.since, s.expires_at, s.offered,
          clock_timestamp() AS now
        FROM conclave_lease s
        WHERE s.kind = $1::text AND s.name >= $2::text COLLATE "C" AND s.name <= $3::text COLLATE "C"
        ORDER BY s.name
        LIMIT 1000
      )
      (
        SELECT l.kind, l.name, true, l.fence, l.owner,
          (extract(epoch FROM l.now - l.since) * 1000000)::bigint,
          (extract(epoch FROM l.expires_at - l.now) * 1000000)::bigint,
          l.metadata
        FROM examined l
        WHERE NOT l.offered AND l.expires_at > l.now
        ORDER BY l.name
        LIMIT $4::bigint
      ) UNION ALL (
        SELECT l.kind, l.name, false, 0, NULL, 0, 0, NULL
        FROM examined l
        ORDER BY l.name
        LIMIT 1 OFFSET 999
      )
      """;
}
