-- Which trace a job belongs to (W3C traceparent), and the call that asked for it; empty where nobody's did.
ALTER TABLE jobs
  ADD COLUMN traceparent text NOT NULL DEFAULT '',
  ADD COLUMN request_id text NOT NULL DEFAULT '';
-- Beside what is sent, so that sending needs no look at the job.
ALTER TABLE outbox ADD COLUMN traceparent text NOT NULL DEFAULT '';
