-- Which inventory is stored, so that a delta applies to no other; the same for every look that saw the same.
ALTER TABLE hosts ADD COLUMN inventory_digest text;
-- When the host was looked at last, without the inventory written anew where that saw nothing new.
ALTER TABLE hosts ADD COLUMN inventory_observed_at_ms bigint;
UPDATE hosts SET inventory_observed_at_ms = (inventory ->> 'observedAtMs')::bigint WHERE inventory IS NOT NULL;
