import { cidrAddress, type HostId, isJobEnd, type NetworkId } from "@switchyard/model";
import type { VmRecord } from "@switchyard/store";
import type { ApiParts } from "../../api/parts.ts";
import { pingFromVm } from "../../api/vms/ping-from-vm.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";

/** Enough for the first packet, which software handles, and those after it. */
const PING_COUNT = 5;
const PING_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
/** VMs looked through for one to be pinged. */
const VMS_MAX = 200;

interface Parts extends Pick<ApiParts, "clock" | "random" | "dispatch"> {
  readonly store: Pick<ApiParts["store"], "transaction"> & {
    readonly reads: Pick<ApiParts["store"]["reads"], "jobs" | "vms">;
  };
}

/** A host that is looked at after its change. */
export interface VerifiedHost {
  readonly host: HostId;
  /** Of its rollout. */
  readonly traceparent: string;
}

const networksOf = ({ allocation }: VmRecord): readonly NetworkId[] =>
  allocation.nics.map(({ network }) => network);

const canPing = ({ state, spec }: VmRecord): boolean => state === "running" && spec.hasGuestAgent;

/** Addresses that the VM reaches: of running VMs on one of its networks. */
function targetFor(vm: VmRecord, others: readonly VmRecord[]) {
  const networks = networksOf(vm);
  return others
    .filter(({ id, state }) => id !== vm.id && state === "running")
    .flatMap(({ allocation }) => allocation.nics)
    .find(({ network }) => networks.includes(network))?.address;
}

/**
 * Sends a short flow through the host's datapath, from a VM on it to another, so that there is something to
 * be seen of it. Where no VM can send one, nothing is sent, and the checks will say that they saw no flow.
 */
export async function sendTraffic(
  parts: Parts,
  { host, traceparent }: VerifiedHost,
): Promise<void> {
  const { store, clock, dispatch } = parts;
  const page = { size: VMS_MAX, after: undefined };
  const own = (await store.reads.vms.list({ ...page, host })).items;
  if (!own.some(canPing)) return;
  const others = [...own, ...(await store.reads.vms.list(page)).items];
  const sender = own.find((vm) => canPing(vm) && targetFor(vm, others) !== undefined);
  const target = sender && targetFor(sender, others);
  if (sender === undefined || target === undefined) return;
  const ping = { vm: sender.id, target: cidrAddress(target), count: PING_COUNT };
  const job = await store.transaction({ actor: ROLLOUT_ACTOR, traceparent }, (tx) =>
    pingFromVm(parts, tx, ping),
  );
  dispatch.wake();
  const endMs = clock.monotonicMs() + PING_TIMEOUT_MS;
  while (clock.monotonicMs() < endMs) {
    if (isJobEnd((await store.reads.jobs.get(job.id)).state)) return;
    await clock.sleep(POLL_MS);
  }
}
