-- Snapshots of host plans, as their hosts keep them: one deflated document per job. A row is made when a
-- controller first sets out to fetch them; tried_at is moved forward by whoever tries next.
CREATE TABLE job_snapshots (
  job uuid PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'wanted',
  tried_at timestamptz NOT NULL DEFAULT now(),
  series_deflated bytea,
  CHECK (state IN ('wanted', 'stored', 'none')),
  CHECK ((series_deflated IS NOT NULL) = (state = 'stored'))
);
CREATE INDEX jobs_host_plans_ended ON jobs (ended_at) WHERE kind = 'apply-host';
