-- What the last applied plan was to make of the host, and where the host has left it since.
ALTER TABLE hosts
  ADD COLUMN applied_desired jsonb,
  ADD COLUMN drift jsonb NOT NULL DEFAULT '[]',
  -- When a controller last set out to mend drift: whoever moves it forward may try.
  ADD COLUMN drift_mend_tried_at timestamptz;
CREATE INDEX hosts_with_drift ON hosts (name) WHERE drift <> '[]';
