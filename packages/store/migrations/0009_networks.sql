-- The segment on the bridge, 0 for the untagged one: addresses are unique in it, not on the bridge.
ALTER TABLE networks ADD COLUMN vlan integer NOT NULL DEFAULT 0;
ALTER TABLE networks ADD CHECK (vlan BETWEEN 0 AND 4094);
CREATE INDEX networks_segment ON networks (bridge, vlan);

UPDATE networks SET spec = '{"mtu": 1500, "hasAntiSpoof": false, "reservations": []}' || spec;
