-- The boot in which a host was last seen as it was applied: drift in a later one is what a boot took away.
ALTER TABLE hosts ADD COLUMN boot_in_force text;
