-- Telemetry that can be asked of for months: rollups beside the raw samples, each partitioned by time.
--
-- No telemetry table has a DEFAULT partition: it would forbid to detach partitions while others read and write
-- (PostgreSQL manual, ALTER TABLE, DETACH PARTITION CONCURRENTLY). What finds no partition goes to telemetry_stray.

CREATE TABLE telemetry_stray (
  ts timestamptz NOT NULL,
  series integer NOT NULL,
  value double precision NOT NULL
);
INSERT INTO telemetry_stray SELECT ts, series, value FROM telemetry_raw_default;
DROP TABLE telemetry_raw_default;

-- Rows come in time order and host by host, and the series of a host have neighbouring ids: the least and the
-- largest of both in a few pages say well enough what is not there, for next to nothing per insert.
DROP INDEX telemetry_raw_ts;
CREATE INDEX telemetry_raw_blocks ON telemetry_raw USING brin (ts, series) WITH (pages_per_range = 16);

CREATE INDEX telemetry_series_metric ON telemetry_series (metric, host);

-- Windows of one minute, of raw samples; of 15 minutes and 6 hours, of the level below.
-- increase: sum of what each sample is above the one before it, and of its value where the counter was reset.
-- seconds: time between those samples. A sample without another in the 5 minutes before it adds to neither.
CREATE TABLE telemetry_1m (
  ts timestamptz NOT NULL,
  series integer NOT NULL,
  count bigint NOT NULL,
  sum double precision NOT NULL,
  min double precision NOT NULL,
  max double precision NOT NULL,
  last double precision NOT NULL,
  last_at timestamptz NOT NULL,
  increase double precision NOT NULL,
  seconds double precision NOT NULL,
  PRIMARY KEY (series, ts)
) PARTITION BY RANGE (ts);
CREATE INDEX telemetry_1m_ts ON telemetry_1m USING brin (ts) WITH (pages_per_range = 32);
CREATE TABLE telemetry_15m (LIKE telemetry_1m, PRIMARY KEY (series, ts)) PARTITION BY RANGE (ts);
CREATE INDEX telemetry_15m_ts ON telemetry_15m USING brin (ts) WITH (pages_per_range = 32);
CREATE TABLE telemetry_6h (LIKE telemetry_1m, PRIMARY KEY (series, ts)) PARTITION BY RANGE (ts);
CREATE INDEX telemetry_6h_ts ON telemetry_6h USING brin (ts) WITH (pages_per_range = 32);

-- closing_at (1m only): windows before it are being made, so a sample before it is late.
-- rolled_at: windows before it are made. partitions_from, partitions_to: what has partitions; null before the first.
CREATE TABLE telemetry_levels (
  level text PRIMARY KEY,
  closing_at timestamptz,
  rolled_at timestamptz,
  partitions_from timestamptz,
  partitions_to timestamptz
);
INSERT INTO telemetry_levels (level, closing_at, rolled_at)
SELECT level,
  CASE level WHEN '1m' THEN date_bin('6 h', now() - interval '25 h', 'epoch') END,
  CASE WHEN level <> 'raw' THEN date_bin('6 h', now() - interval '25 h', 'epoch') END
FROM unnest(ARRAY['raw', '1m', '15m', '6h']) AS l(level);

-- Late samples by host: their windows are made anew.
CREATE TABLE telemetry_late (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL
);
