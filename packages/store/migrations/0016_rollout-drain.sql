-- The rollout moved the VMs of this host elsewhere, and has not brought them home yet.
ALTER TABLE rollout_hosts ADD COLUMN is_emptied boolean NOT NULL DEFAULT false;
-- Somebody else had cordoned the host before: it stays so.
ALTER TABLE rollout_hosts ADD COLUMN was_cordoned boolean NOT NULL DEFAULT false;
CREATE INDEX rollout_hosts_emptied ON rollout_hosts (rollout, host) WHERE is_emptied;
