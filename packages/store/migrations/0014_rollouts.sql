CREATE TABLE rollouts (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  created_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  profile text COLLATE "C" NOT NULL REFERENCES profiles ON DELETE CASCADE,
  spec jsonb NOT NULL,
  state text NOT NULL,
  state_reason text NOT NULL DEFAULT '',
  -- Where a paused one goes on.
  resume_state text,
  wave integer NOT NULL DEFAULT 1,
  wave_count integer NOT NULL,
  soak_until timestamptz,
  target_generation bigint NOT NULL,
  target_spec jsonb NOT NULL,
  -- A version of the profile that was proven before; null where there is none.
  proven_spec jsonb,
  accepted_failures integer NOT NULL DEFAULT 0,
  signal_at timestamptz,
  halted_at timestamptz,
  ended_at timestamptz,
  CHECK (state IN ('running', 'soaking', 'paused', 'halted', 'rolling-back',
                   'succeeded', 'rolled-back', 'aborted', 'failed')),
  CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'rolled-back', 'aborted', 'failed')))
);
-- One live rollout per profile, so that no host has two.
CREATE UNIQUE INDEX rollouts_live ON rollouts (profile) WHERE ended_at IS NULL;

CREATE TABLE rollout_hosts (
  rollout text COLLATE "C" NOT NULL REFERENCES rollouts ON DELETE CASCADE,
  host text COLLATE "C" NOT NULL REFERENCES hosts ON DELETE CASCADE,
  wave integer NOT NULL,
  hardware_class text NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  job uuid,
  -- A job of the rollout was made for it, so that it may have been changed.
  is_touched boolean NOT NULL DEFAULT false,
  -- When it was begun for the change.
  begun_at timestamptz,
  -- When a controller took it in hand; without a job long after, it is given back.
  taken_at timestamptz,
  -- Worst checks before the change, to which those after it are compared.
  checks_before jsonb,
  failure jsonb,
  proof text NOT NULL DEFAULT '',
  PRIMARY KEY (rollout, host),
  CHECK (state IN ('waiting', 'running', 'verifying', 'updated', 'unchanged', 'failed',
                   'rolling-back', 'rolled-back', 'stuck'))
);
CREATE INDEX rollout_hosts_by_wave ON rollout_hosts (rollout, wave, host);
