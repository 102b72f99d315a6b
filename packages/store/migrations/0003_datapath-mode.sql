-- Overrides the mode of the host's profile; NULL where the profile's counts.
ALTER TABLE hosts ADD COLUMN datapath_mode text;
ALTER TABLE hosts ADD CHECK (datapath_mode IN ('vdpa', 'sriov'));
