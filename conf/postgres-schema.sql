-- The one table of Conclave's PostgreSQL backend. Times are timestamptz and set by the server's clock alone.
-- Updated rows stay on their page (fillfactor, and no index on what changes); the rest is vacuumed early.
CREATE TABLE IF NOT EXISTS conclave_lease (
  kind          text COLLATE "C" NOT NULL,             -- lock, leader, task; or register
  name          text COLLATE "C" NOT NULL,
  token         text,                                  -- secret; of the holder, or of the waiter that has the offer
  offered       boolean     NOT NULL DEFAULT false,    -- an offer to the first waiter, not yet a holding
  owner         text,
  metadata      text,                                  -- JSON, as the holder wrote it
  fence         bigint      NOT NULL DEFAULT 0,        -- the fencing token; of a register, its mark
  since         timestamptz NOT NULL DEFAULT clock_timestamp(),
  duration      bigint      NOT NULL DEFAULT 0,        -- as requested last, in milliseconds
  expires_at    timestamptz NOT NULL DEFAULT '-infinity',
  line          jsonb,                                 -- the queue, the first waiter first; null when it is empty
  watched_until timestamptz,                           -- changes are announced until then
  PRIMARY KEY (kind, name)
) WITH (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 200,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0
);
