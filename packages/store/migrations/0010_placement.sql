-- A host that changed through other tables is logged by name: readers take the record as it is. JSON null says so;
-- NULL says that nothing changed but a VM on it, whose own entry is beside it. A controller of the release before
-- can't read such entries, so stop those first.
ALTER TABLE changes ALTER COLUMN record DROP NOT NULL;
