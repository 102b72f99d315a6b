-- What became of the gates of a rollout, wave by wave.
CREATE TABLE rollout_gates (
  rollout text COLLATE "C" NOT NULL REFERENCES rollouts ON DELETE CASCADE,
  wave integer NOT NULL,
  -- In the strategy's list of gates.
  position integer NOT NULL,
  verdict text NOT NULL,
  found text NOT NULL DEFAULT '',
  -- No reference: it may be deleted before the rollout.
  experiment text COLLATE "C",
  -- Somebody went on nevertheless.
  is_accepted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (rollout, wave, position),
  CHECK (verdict IN ('pending', 'passed', 'failed', 'inconclusive'))
);
