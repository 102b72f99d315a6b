import { type HostId, StoreError } from "@switchyard/model";
import { networkNotFound } from "../networks/network-rows.ts";
import { type LockedHost, type Look, memoryKind, slotKey } from "./lock-and-look.ts";
import type { PlannedVm, StalePlace } from "./placement-store.ts";

interface Use {
  vcpuCount: number;
  /** By {@link memoryKind}. */
  readonly memoryBytes: Record<string, number>;
}

/** What the VMs that were admitted so far leave of the hosts that are locked. */
export interface Ledger {
  readonly use: Map<HostId, Use>;
  readonly slots: Set<string>;
  readonly names: Set<string>;
}

export const newLedger = (): Ledger => ({ use: new Map(), slots: new Set(), names: new Set() });

const copyOfUse = ({ vcpuCount, memoryBytes }: LockedHost | Use): Use => ({
  vcpuCount,
  memoryBytes: { ...memoryBytes },
});

const copyOf = (ledger: Ledger): Ledger => ({
  use: new Map([...ledger.use].map(([host, use]) => [host, copyOfUse(use)])),
  slots: new Set(ledger.slots),
  names: new Set(ledger.names),
});

/** @throws StoreError NAME_TAKEN, NETWORK_NOT_FOUND, IMAGE_NOT_FOUND */
function refuseUnknown({ id, spec }: PlannedVm, look: Look, ledger: Ledger): void {
  if (look.names.has(id) || ledger.names.has(id)) {
    throw new StoreError("NAME_TAKEN", `VM ${id} exists already`, { subject: `vms/${id}` });
  }
  for (const { network } of spec.nics) {
    if (!look.networks.has(network)) throw networkNotFound(network);
  }
  const { boot } = spec;
  if (boot.kind === "image" && !look.images.has(boot.image)) {
    throw new StoreError("IMAGE_NOT_FOUND", `no image ${boot.image}`, { found: boot.image });
  }
}

/** Takes the VM's share in the ledger; why it can't be there otherwise. */
function take(vm: PlannedVm, look: Look, ledger: Ledger): StalePlace | undefined {
  const host = look.hosts.get(vm.host);
  if (host === undefined || host.etag !== vm.hostEtag) return "host-changed";
  if (host.isBusy) return "host-busy";
  for (const { network } of vm.spec.nics) {
    if (look.networks.get(network)?.etag !== vm.networkEtags[network]) return "network-changed";
  }
  for (const nic of vm.nics) {
    const key = slotKey({ ...nic, host: vm.host });
    const slot = look.slots.get(key);
    if (slot === undefined) return "slot-unknown";
    if (slot.isTaken || ledger.slots.has(key)) return "slot-taken";
    ledger.slots.add(key);
  }
  const use = ledger.use.get(vm.host) ?? copyOfUse(host);
  const kind = memoryKind(vm.spec);
  const memoryBytes = (use.memoryBytes[kind] ?? 0) + vm.spec.memoryBytes;
  use.vcpuCount += vm.spec.vcpuCount;
  use.memoryBytes[kind] = memoryBytes;
  if (use.vcpuCount > vm.capacity.vcpuCount) return "vcpu";
  if (memoryBytes > vm.capacity.memoryBytes) return "memory";
  ledger.use.set(vm.host, use);
  ledger.names.add(vm.id);
  return undefined;
}

export type Admission =
  | { readonly kind: "admitted"; readonly ledger: Ledger }
  | {
      readonly kind: "stale";
      readonly stale: readonly {
        readonly vm: PlannedVm["id"];
        readonly host: HostId;
        readonly why: StalePlace;
      }[];
    }
  | { readonly kind: "failed"; readonly error: unknown };

/** Whether all VMs of a group can be where they were planned, beside those that were admitted before. */
export function admit(vms: readonly PlannedVm[], look: Look, before: Ledger): Admission {
  const ledger = copyOf(before);
  try {
    for (const vm of vms) refuseUnknown(vm, look, ledger);
  } catch (error) {
    return { kind: "failed", error };
  }
  const stale = vms.flatMap((vm) => {
    const why = take(vm, look, ledger);
    return why === undefined ? [] : [{ vm: vm.id, host: vm.host, why }];
  });
  return stale.length > 0 ? { kind: "stale", stale } : { kind: "admitted", ledger };
}
