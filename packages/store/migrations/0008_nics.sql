-- A VM has one or several NICs. Jobs that are under way describe a VM with exactly one, so they must end first.
DO $$ BEGIN
  IF EXISTS (SELECT FROM jobs WHERE ended_at IS NULL AND kind IN ('start-vm', 'delete-vm')) THEN
    RAISE EXCEPTION 'jobs of VMs are under way'
      USING HINT = 'Let them end, or cancel them, with the release before; then migrate.';
  END IF;
END $$;

-- What each NIC of a VM took. A slot, a MAC and an address belong to one NIC, whatever races.
CREATE TABLE allocation_nics (
  vm text COLLATE "C" NOT NULL REFERENCES allocations,
  nic_index integer NOT NULL,
  kind text NOT NULL,
  host text COLLATE "C" NOT NULL,
  pf text NOT NULL,
  vf_index integer NOT NULL,
  mac text COLLATE "C" NOT NULL UNIQUE REFERENCES mac_addresses,
  network text COLLATE "C" NOT NULL,
  address inet NOT NULL,
  prefix_length integer NOT NULL,
  bridge text NOT NULL,
  queue_pairs integer NOT NULL,
  PRIMARY KEY (vm, nic_index),
  UNIQUE (host, pf, vf_index),
  UNIQUE (network, address),
  FOREIGN KEY (host, pf, vf_index) REFERENCES slots,
  FOREIGN KEY (network, address) REFERENCES ip_addresses,
  CHECK (kind IN ('vdpa', 'sriov'))
);

INSERT INTO allocation_nics
  SELECT a.vm, 0, 'vdpa', a.host, a.pf, a.vf_index, a.mac, a.network, a.address, a.prefix_length,
    a.bridge, (v.spec ->> 'queuePairs')::integer
  FROM allocations a JOIN vms v ON v.name = a.vm;

ALTER TABLE allocations
  DROP COLUMN pf, DROP COLUMN vf_index, DROP COLUMN mac, DROP COLUMN network, DROP COLUMN address,
  DROP COLUMN prefix_length, DROP COLUMN bridge;
-- The unique constraint on a host's slots served the sums per host as well.
CREATE INDEX allocations_host ON allocations (host);

CREATE FUNCTION pg_temp.with_nics(spec jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT spec - 'network' - 'queuePairs' || jsonb_build_object('nics', jsonb_build_array(
    jsonb_build_object('network', spec -> 'network', 'kind', 'vdpa', 'queuePairs', spec -> 'queuePairs')))
$$;

UPDATE vms SET spec = pg_temp.with_nics(spec);

-- Watchers that resume read VMs as they were.
UPDATE changes SET record = (SELECT (r - 'slotMac' || jsonb_build_object(
    'spec', pg_temp.with_nics(r -> 'spec'),
    'allocation', a - '{pf,vfIndex,mac,address,bridge}'::text[] || jsonb_build_object('nics',
      jsonb_build_array(jsonb_build_object(
        'index', 0, 'kind', 'vdpa', 'pf', a -> 'pf', 'vfIndex', a -> 'vfIndex',
        'slotMac', r -> 'slotMac', 'mac', a -> 'mac', 'network', r -> 'spec' -> 'network',
        'address', a -> 'address', 'bridge', a -> 'bridge',
        'queuePairs', r -> 'spec' -> 'queuePairs')))))::json
  FROM (SELECT record::jsonb AS r, record::jsonb -> 'allocation' AS a) AS old)
WHERE kind = 'vms';
