-- Which trace a rollout, move or experiment belongs to (W3C traceparent), so that the jobs that are made for it later
-- do too; empty for what is older.
ALTER TABLE rollouts ADD COLUMN traceparent text NOT NULL DEFAULT '';
ALTER TABLE moves ADD COLUMN traceparent text NOT NULL DEFAULT '';
ALTER TABLE experiments ADD COLUMN traceparent text NOT NULL DEFAULT '';
