-- One row: whether many hosts were lost at once, so that nothing is begun by itself.
CREATE TABLE fleet_freeze (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  frozen_at timestamptz,
  -- Hosts lost before it freeze nothing: somebody knows of them.
  forgiven_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO fleet_freeze DEFAULT VALUES;

-- Why a rollout that goes on by itself begins nothing now; empty where nothing holds it.
ALTER TABLE rollouts ADD COLUMN hold text NOT NULL DEFAULT '';
