-- Text keys compare by bytes (COLLATE "C"), so that pages have the same order in every database.
-- Foreign keys stand where a race could leave an orphan. Tables on the dispatch path have none to hosts:
-- hosts are never deleted, and the key-share lock would make every heartbeat and every job meet.

-- Etags: a new number for every version of any row, so that a name taken again never repeats an etag.
CREATE SEQUENCE revisions;

CREATE TABLE hosts (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  labels jsonb NOT NULL,
  kind text,
  state text NOT NULL,
  state_changed_at timestamptz NOT NULL DEFAULT now(),
  host_epoch bigint NOT NULL,
  nkey_public text NOT NULL,
  shard integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  agent_version text NOT NULL,
  desired_generation bigint NOT NULL DEFAULT 0,
  applied_generation bigint NOT NULL DEFAULT 0,
  applied_profile text COLLATE "C",
  inventory jsonb,
  inventory_session text,
  inventory_session_started_at timestamptz,
  inventory_version bigint NOT NULL DEFAULT 0,
  CHECK (state IN ('enrolled', 'ready', 'suspect', 'lost'))
);
CREATE INDEX hosts_labels ON hosts USING gin (labels jsonb_path_ops);
CREATE INDEX hosts_applied_profile ON hosts (applied_profile) WHERE applied_profile IS NOT NULL;

-- Apart from hosts, because it changes every few seconds: narrow rows, updated in place.
CREATE TABLE host_presence (
  host text COLLATE "C" PRIMARY KEY,
  last_seen_at timestamptz NOT NULL,
  session text NOT NULL,
  boot_id text NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE enrollment_tokens (
  hash text PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL,
  labels jsonb NOT NULL,
  allow_reenroll boolean NOT NULL,
  used_at timestamptz,
  used_by_nkey text,
  used_host_epoch bigint
);

CREATE TABLE signing_keys (
  key_id text PRIMARY KEY,
  public_key bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE profiles (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  generation bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  spec jsonb NOT NULL
);

CREATE TABLE networks (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  created_at timestamptz NOT NULL DEFAULT now(),
  bridge text NOT NULL,
  spec jsonb NOT NULL
);

-- Every MAC given out in the fleet, once. The number is the address, for finding gaps in a pool.
CREATE TABLE mac_addresses (
  mac text COLLATE "C" PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  owner_kind text NOT NULL,
  owner text NOT NULL,
  CHECK (owner_kind IN ('slot', 'vm'))
);

CREATE TABLE slots (
  host text COLLATE "C" NOT NULL REFERENCES hosts,
  pf text NOT NULL,
  vf_index integer NOT NULL,
  mac text COLLATE "C" NOT NULL UNIQUE REFERENCES mac_addresses,
  PRIMARY KEY (host, pf, vf_index)
);

CREATE TABLE bridge_addresses (
  host text COLLATE "C" NOT NULL REFERENCES hosts,
  bridge text NOT NULL,
  address inet NOT NULL,
  prefix_length integer NOT NULL,
  PRIMARY KEY (host, bridge),
  UNIQUE (bridge, address)
);

CREATE TABLE ip_addresses (
  network text COLLATE "C" NOT NULL REFERENCES networks,
  address inet NOT NULL,
  vm text COLLATE "C" NOT NULL,
  PRIMARY KEY (network, address)
);

CREATE TABLE vms (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  generation bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  spec jsonb NOT NULL,
  state text NOT NULL,
  job uuid,
  failure jsonb,
  CHECK (state IN ('starting', 'running', 'deleting', 'failed'))
);

-- What a VM took. A slot, a MAC and an address belong to one VM, whatever races.
CREATE TABLE allocations (
  vm text COLLATE "C" PRIMARY KEY REFERENCES vms,
  host text COLLATE "C" NOT NULL,
  pf text NOT NULL,
  vf_index integer NOT NULL,
  mac text COLLATE "C" NOT NULL UNIQUE REFERENCES mac_addresses,
  network text COLLATE "C" NOT NULL,
  address inet NOT NULL,
  prefix_length integer NOT NULL,
  bridge text NOT NULL,
  vcpu_count integer NOT NULL,
  memory_bytes bigint NOT NULL,
  UNIQUE (host, pf, vf_index),
  UNIQUE (network, address),
  FOREIGN KEY (host, pf, vf_index) REFERENCES slots,
  FOREIGN KEY (network, address) REFERENCES ip_addresses
);

CREATE TABLE plans (
  id uuid PRIMARY KEY,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  host text COLLATE "C" NOT NULL REFERENCES hosts,
  host_kind text,
  profile text COLLATE "C",
  profile_generation bigint NOT NULL,
  state text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  plan jsonb NOT NULL,
  desired jsonb NOT NULL,
  inventory_session text NOT NULL,
  inventory_version bigint NOT NULL,
  job uuid,
  CHECK (state IN ('ready', 'empty', 'blocked', 'applied'))
);
CREATE INDEX plans_host ON plans (host, id);

-- event_seq is the last event stored without a gap before it, of the current epoch.
-- A job is written three times within moments: the room left in each page keeps its versions together.
-- exclusive_host names the host while an exclusive job on it is live: at most one.
CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  host text COLLATE "C" NOT NULL,
  host_kind text,
  host_epoch bigint NOT NULL,
  kind text NOT NULL,
  spec jsonb NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'pending',
  subject text,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  ended_at timestamptz,
  current_step text,
  steps_done integer NOT NULL DEFAULT 0,
  step_count integer NOT NULL DEFAULT 0,
  is_cancel_requested boolean NOT NULL DEFAULT false,
  result jsonb,
  failure jsonb,
  event_seq bigint NOT NULL DEFAULT 0,
  exclusive_host text COLLATE "C",
  CHECK (state IN ('pending', 'accepted', 'running', 'succeeded', 'failed', 'needs-operator',
                   'cancelled', 'expired')),
  CHECK ((ended_at IS NULL) = (state IN ('pending', 'accepted', 'running')))
) WITH (fillfactor = 45);
CREATE INDEX jobs_host ON jobs (host, id);
CREATE UNIQUE INDEX jobs_exclusive ON jobs (exclusive_host) WHERE exclusive_host IS NOT NULL;
CREATE INDEX jobs_cancel_requested ON jobs (id) WHERE is_cancel_requested;

-- Events that were stored together are one row: [{seq, atMs, body}, …] without a gap.
CREATE TABLE job_events (
  job uuid NOT NULL,
  epoch bigint NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  events json NOT NULL,
  PRIMARY KEY (job, epoch, first_seq)
);

-- Jobs that no agent has accepted yet. Short-lived rows at a high rate, hence the eager vacuum.
CREATE TABLE outbox (
  job uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  host text COLLATE "C" NOT NULL,
  spec_json text NOT NULL,
  expires_at timestamptz NOT NULL,
  sends integer NOT NULL DEFAULT 0,
  next_send_at timestamptz NOT NULL DEFAULT now()
) WITH (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX outbox_due ON outbox (next_send_at);

CREATE TABLE requests (
  actor text NOT NULL,
  request_id text NOT NULL,
  method text NOT NULL,
  body_digest text NOT NULL,
  answer json,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor, request_id)
);
CREATE INDEX requests_created_at ON requests USING brin (created_at);

-- Daily partitions, made ahead; a row in the default one is an alarm. A plain sequence, because identity
-- columns on partitioned tables need Postgres 17.
CREATE SEQUENCE changes_seq;
CREATE TABLE changes (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('changes_seq'),
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  key text NOT NULL,
  operation text NOT NULL,
  record json NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX changes_xid ON changes (xid, seq);
CREATE TABLE changes_default PARTITION OF changes DEFAULT;

CREATE TABLE audit (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  resource text COLLATE "C" NOT NULL,
  request_id text NOT NULL,
  details json NOT NULL
);
CREATE INDEX audit_xid ON audit (xid, seq);
CREATE INDEX audit_resource ON audit (resource, seq);

-- Highest transaction of which entries were removed from a log: a reader behind it lists again.
CREATE TABLE log_watermarks (
  log text PRIMARY KEY,
  xid xid8 NOT NULL
);
INSERT INTO log_watermarks VALUES ('changes', '0'), ('audit', '0');

-- One row per series with its newest sample.
CREATE TABLE telemetry_series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  metric text NOT NULL,
  object text COLLATE "C" NOT NULL,
  latest_at timestamptz,
  latest_value double precision,
  UNIQUE (host, metric, object)
) WITH (fillfactor = 50);

-- Highest batch stored of every agent process.
CREATE TABLE telemetry_marks (
  host text COLLATE "C" NOT NULL,
  session text NOT NULL,
  seq bigint NOT NULL,
  dropped_count bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (host, session)
) WITH (fillfactor = 50);

-- Hourly partitions. Rows come in time order, so a block range index finds them in a few pages.
CREATE TABLE telemetry_raw (
  ts timestamptz NOT NULL,
  series integer NOT NULL,
  value double precision NOT NULL
) PARTITION BY RANGE (ts);
CREATE INDEX telemetry_raw_ts ON telemetry_raw USING brin (ts) WITH (pages_per_range = 32);
CREATE TABLE telemetry_raw_default PARTITION OF telemetry_raw DEFAULT;
