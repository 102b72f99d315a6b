-- A cordoned host takes no new VMs; a fenced one is known to run nothing.
ALTER TABLE hosts ADD COLUMN cordon jsonb, ADD COLUMN fence jsonb;

-- The host that a VM was evacuated from, and returns to when it is asked to.
ALTER TABLE vms ADD COLUMN home_host text COLLATE "C" REFERENCES hosts;
-- Hosts refuse generations older than they have seen of a VM's name. They rise over all VMs that ever had
-- the name, so that what an old host still holds of one is never taken for the newer.
ALTER TABLE vms ALTER COLUMN generation SET DEFAULT nextval('revisions');

-- A move holds slots for a VM on the host that it is not allocated on, under a name that no VM can have. What
-- is held is taken for everybody who looks for room, by the same constraints.
ALTER TABLE allocation_nics ALTER COLUMN network DROP NOT NULL, ALTER COLUMN address DROP NOT NULL;
ALTER TABLE allocations DROP CONSTRAINT allocations_vm_fkey;
ALTER TABLE allocations ADD COLUMN of_vm text COLLATE "C"
  GENERATED ALWAYS AS (CASE WHEN vm LIKE 'moves/%' THEN NULL ELSE vm END) STORED REFERENCES vms;

-- VMs on their way from one host to another. Kept after their end.
CREATE TABLE moves (
  id uuid PRIMARY KEY,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  vm text COLLATE "C" NOT NULL,
  cause text NOT NULL,
  source_host text COLLATE "C" NOT NULL REFERENCES hosts,
  -- The only host it may go to; null: any.
  wanted_host text COLLATE "C" REFERENCES hosts,
  target_host text COLLATE "C" REFERENCES hosts,
  phase text NOT NULL DEFAULT 'queued',
  -- Moves asked for together, and how many of them may be under way at once.
  batch uuid NOT NULL,
  at_once integer NOT NULL,
  was_running boolean NOT NULL,
  has_new_disk boolean NOT NULL DEFAULT false,
  -- The VM as each of the hosts is told of it; its generation is the phase's.
  source jsonb NOT NULL,
  target jsonb,
  disk jsonb,
  job uuid,
  tries integer NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT now(),
  failure jsonb,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CHECK (cause IN ('move', 'evacuate', 'restore-home', 'fenced')),
  CHECK (phase IN ('queued', 'sealing', 'receiving', 'starting', 'clearing', 'reverting', 'returning',
                   'sweeping', 'done', 'failed')),
  CHECK ((ended_at IS NULL) = (phase NOT IN ('done', 'failed')))
);
CREATE UNIQUE INDEX moves_live ON moves (vm) WHERE ended_at IS NULL;
CREATE INDEX moves_due ON moves (next_try_at) WHERE ended_at IS NULL;
CREATE INDEX moves_batch ON moves (batch) WHERE ended_at IS NULL;
CREATE INDEX moves_source ON moves (source_host, id);

-- A name is taken as long as a VM that had it has left something on a host: its disk lies where the next one's
-- would. The insert then takes no row, as for a name that is taken.
CREATE FUNCTION refuse_name_of_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM moves WHERE vm = NEW.name AND ended_at IS NULL) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vms_name_of_move BEFORE INSERT ON vms FOR EACH ROW EXECUTE FUNCTION refuse_name_of_move();
