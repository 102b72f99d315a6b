-- States of a VM that is stopped, moved, or on a lost host, and why it is in its state.
ALTER TABLE vms DROP CONSTRAINT vms_state_check;
ALTER TABLE vms ADD CONSTRAINT vms_state_check CHECK (
  state IN ('starting', 'running', 'stopping', 'stopped', 'deleting', 'failed', 'moving', 'lost')
);
ALTER TABLE vms ADD COLUMN state_reason text;
-- The boot of its host in which it was last seen to run.
ALTER TABLE vms ADD COLUMN boot_id text;
