-- Size of the huge pages that a VM's memory is made of; null: ordinary pages. Each kind of memory is counted by itself.
ALTER TABLE allocations ADD COLUMN hugepage_bytes bigint;
UPDATE allocations SET hugepage_bytes = (vms.spec ->> 'hugepageBytes')::bigint
  FROM vms WHERE vms.name = allocations.vm;
UPDATE allocations SET hugepage_bytes = (vms.spec ->> 'hugepageBytes')::bigint
  FROM moves JOIN vms ON vms.name = moves.vm WHERE allocations.vm = 'moves/' || moves.id;
