-- When the agent wrote the last event of the job that is stored, by the agent's clock; NULL before the first.
ALTER TABLE jobs ADD COLUMN last_event_at_ms bigint;
-- Of earlier jobs only the last that changed its host is asked for.
UPDATE jobs SET last_event_at_ms = (
  SELECT max((event ->> 'atMs')::numeric)::bigint
  FROM job_events e CROSS JOIN json_array_elements(e.events) AS event
  WHERE e.job = jobs.id)
WHERE id IN (
  SELECT DISTINCT ON (host) id FROM jobs
  WHERE ended_at IS NOT NULL AND kind NOT IN ('noop', 'ping-vm')
  ORDER BY host, id DESC);
