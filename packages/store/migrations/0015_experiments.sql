CREATE TABLE experiments (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  created_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  spec jsonb NOT NULL,
  ground text NOT NULL,
  -- What the order of the modes was drawn from.
  seed bigint NOT NULL,
  mode_order jsonb NOT NULL,
  mode_index integer NOT NULL DEFAULT 0,
  state text NOT NULL,
  state_reason text NOT NULL DEFAULT '',
  -- The state fails when it takes longer.
  deadline timestamptz NOT NULL,
  -- What it will end as, once its hosts are restored.
  outcome text,
  failure jsonb,
  environment jsonb NOT NULL,
  baselines jsonb NOT NULL DEFAULT '{}',
  -- The controller that takes it on, until another may.
  held_by uuid,
  held_until timestamptz,
  -- By when tools that a dead controller began in the guests have ended.
  quiet_at timestamptz,
  ended_at timestamptz,
  CHECK (state IN ('switching', 'starting', 'measuring', 'clearing', 'restoring',
                   'succeeded', 'failed', 'cancelled')),
  CHECK (outcome IN ('succeeded', 'failed', 'cancelled')),
  CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
);
CREATE INDEX experiments_live ON experiments (name) WHERE ended_at IS NULL;

CREATE TABLE experiment_hosts (
  experiment text COLLATE "C" NOT NULL REFERENCES experiments ON DELETE CASCADE,
  host text COLLATE "C" NOT NULL REFERENCES hosts ON DELETE CASCADE,
  -- 0 runs the VM that sends.
  place integer NOT NULL,
  -- Towards what the experiment wants of the host now; null where no job was needed, or none is made yet.
  job uuid,
  tries integer NOT NULL DEFAULT 0,
  is_done boolean NOT NULL DEFAULT false,
  -- It was given back.
  is_released boolean NOT NULL DEFAULT false,
  failure jsonb,
  PRIMARY KEY (experiment, host)
);

CREATE TABLE experiment_rounds (
  experiment text COLLATE "C" NOT NULL REFERENCES experiments ON DELETE CASCADE,
  mode text NOT NULL,
  round integer NOT NULL,
  reading jsonb NOT NULL,
  -- What the tools printed.
  output jsonb NOT NULL,
  PRIMARY KEY (experiment, mode, round)
);

-- The experiment that has the host for itself, and the mode that it wants it in; null: the profile's.
ALTER TABLE hosts ADD COLUMN experiment text COLLATE "C" REFERENCES experiments,
  ADD COLUMN experiment_mode text;
ALTER TABLE hosts ADD CHECK (experiment_mode IN ('sriov', 'vdpa', 'vdpa-sw'));
ALTER TABLE hosts ADD CHECK (experiment IS NOT NULL OR experiment_mode IS NULL);
