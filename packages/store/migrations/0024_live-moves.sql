-- How a VM was asked to go; whether it goes while it runs, which is known once its turn has come; and what the jobs
-- of a live move have told.
ALTER TABLE moves
  ADD COLUMN mode text NOT NULL DEFAULT 'best' CHECK (mode IN ('best', 'live', 'cold')),
  ADD COLUMN is_live boolean NOT NULL DEFAULT false,
  ADD COLUMN migration jsonb,
  DROP CONSTRAINT moves_phase_check,
  ADD CONSTRAINT moves_phase_check CHECK (phase IN (
    'queued', 'sealing', 'receiving', 'preparing', 'migrating', 'starting', 'clearing', 'reverting', 'returning',
    'sweeping', 'done', 'failed'));
