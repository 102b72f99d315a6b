import { type AllocatedNic, cidrAddress, cidrPrefixLength, macToNumber } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { etagOf } from "../connection/etag.ts";
import type { Session } from "../connection/session.ts";
import type { VmRecord } from "../vms/vm-queries.ts";
import type { Look } from "./lock-and-look.ts";
import type { PlannedVm } from "./placement-store.ts";

const INSERT_MACS = {
  name: "placement_insert_macs",
  text: `INSERT INTO mac_addresses (mac, number, owner_kind, owner)
    SELECT mac, number, 'vm', owner FROM unnest($1::text[], $2::bigint[], $3::text[]) AS m(mac, number, owner)`,
};
const INSERT_VMS = {
  name: "placement_insert_vms",
  text: `INSERT INTO vms (name, uid, revision, generation, created_at, spec, image, state, job)
    SELECT name, uid, revision, revision, $4, spec::jsonb, image, 'starting', job
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $5::text[], $6::text[], $7::uuid[])
      AS v(name, uid, revision, spec, image, job)`,
};
const INSERT_ADDRESSES = {
  name: "placement_insert_addresses",
  text: `INSERT INTO ip_addresses (network, address, vm)
    SELECT * FROM unnest($1::text[], $2::inet[], $3::text[])`,
};
const INSERT_ALLOCATIONS = {
  name: "placement_insert_allocations",
  text: `INSERT INTO allocations (vm, host, vcpu_count, memory_bytes, hugepage_bytes)
    SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[])`,
};
const INSERT_NICS = {
  name: "placement_insert_nics",
  text: `INSERT INTO allocation_nics (vm, nic_index, kind, host, pf, vf_index, mac, network, address,
      prefix_length, bridge, queue_pairs)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[],
      $7::text[], $8::text[], $9::inet[], $10::integer[], $11::text[], $12::integer[])`,
};

/** A VM with everything it is given. */
export interface GivenVm {
  readonly planned: PlannedVm;
  readonly nics: readonly AllocatedNic[];
}

/** The VM's record as the rows will have it. */
export function recordOf(
  session: Session,
  { planned, nics }: GivenVm,
  from: { readonly look: Look; readonly revision: number },
): VmRecord {
  const { id, spec, host, job } = planned;
  return {
    id,
    uid: newUuid(session.clock, session.random),
    etag: etagOf(from.revision),
    // As rows get it that name none: it rises over all VMs that ever had the name.
    generation: from.revision,
    createdAtMs: from.look.nowMs,
    spec,
    state: "starting",
    hostKind: from.look.hosts.get(host)?.kind,
    allocation: {
      vm: id,
      host,
      vcpuCount: spec.vcpuCount,
      memoryBytes: spec.memoryBytes,
      nics,
    },
    homeHost: undefined,
    job,
    failure: undefined,
    stateReason: undefined,
    bootId: undefined,
  };
}

/** Writes VMs and what they take, one statement a table; executed before whatever is queried next. */
export function insertVms(session: Session, records: readonly VmRecord[], look: Look): void {
  const { client } = session;
  const nics = records.flatMap(({ id, allocation }) =>
    allocation.nics.map((nic) => ({ ...nic, vm: id, host: allocation.host })),
  );
  // A MAC that is its slot's own is the slot's already.
  const macs = nics.filter(({ mac, slotMac }) => mac !== slotMac);
  client.defer({
    ...INSERT_MACS,
    values: [
      macs.map(({ mac }) => mac),
      macs.map(({ mac }) => macToNumber(mac)),
      macs.map(({ vm }) => `vms/${vm}`),
    ],
  });
  client.defer({
    ...INSERT_VMS,
    values: [
      records.map(({ id }) => id),
      records.map(({ uid }) => uid),
      records.map(({ etag }) => Number(etag)),
      new Date(look.nowMs),
      records.map(({ spec }) => JSON.stringify(spec)),
      records.map(({ spec: { boot } }) => (boot.kind === "image" ? boot.image : null)),
      records.map(({ job }) => job ?? null),
    ],
  });
  client.defer({
    ...INSERT_ADDRESSES,
    values: [
      nics.map(({ network }) => network),
      nics.map(({ address }) => cidrAddress(address)),
      nics.map(({ vm }) => vm),
    ],
  });
  client.defer({
    ...INSERT_ALLOCATIONS,
    values: [
      records.map(({ id }) => id),
      records.map(({ allocation }) => allocation.host),
      records.map(({ allocation }) => allocation.vcpuCount),
      records.map(({ allocation }) => allocation.memoryBytes),
      records.map(({ spec }) => spec.hugepageBytes ?? null),
    ],
  });
  client.defer({
    ...INSERT_NICS,
    values: [
      nics.map(({ vm }) => vm),
      nics.map(({ index }) => index),
      nics.map(({ kind }) => kind),
      nics.map(({ host }) => host),
      nics.map(({ pf }) => pf),
      nics.map(({ vfIndex }) => vfIndex),
      nics.map(({ mac }) => mac),
      nics.map(({ network }) => network),
      nics.map(({ address }) => cidrAddress(address)),
      nics.map(({ address }) => cidrPrefixLength(address)),
      nics.map(({ bridge }) => bridge),
      nics.map(({ queuePairs }) => queuePairs),
    ],
  });
}
