-- A row of raw samples holds a sample of a series and those that follow it within a minute: milliseconds after it, and
-- their values; null where there are none. What costs the database is rows, whatever is in them.
ALTER TABLE telemetry_raw ADD COLUMN later_ms integer[], ADD COLUMN later_values double precision[];
ALTER TABLE telemetry_stray ADD COLUMN later_ms integer[], ADD COLUMN later_values double precision[];

-- Two inserts at once take pages in turns, so that a few neighbouring ones hold series of several hosts: the index
-- knows several ranges of series for them.
DROP INDEX telemetry_raw_blocks;
CREATE INDEX telemetry_raw_blocks ON telemetry_raw
  USING brin (ts, series int4_minmax_multi_ops) WITH (pages_per_range = 8);
