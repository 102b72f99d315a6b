import {
  type Accelerator,
  assert,
  cidrAddress,
  type ExecOutcome,
  type ExecRequest,
  type Ipv4Address,
  type VmId,
} from "@switchyard/model";
import type { ExperimentRecord } from "@switchyard/store";
import { pairOf } from "../../../api/experiments/pair.ts";
import { vmName } from "../../../api/validation/names.ts";
import { runInVm } from "../../../api/vms/run-in-vm.ts";
import type { HostAddress } from "../../../dispatch/host-commands.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "../parts.ts";

/** What a program may take beyond what it was told to: an emulated guest takes minutes to start one. */
const PATIENCE_MS: Readonly<Record<Accelerator, number>> = { kvm: 30_000, tcg: 240_000 };

/** A VM of the pair, as programs in it are reached. */
export interface MeasuredGuest {
  readonly vm: VmId;
  readonly host: HostAddress;
  readonly address: Ipv4Address;
  /** How much longer than it was told to a program in it may take. */
  readonly patienceMs: number;
}

export interface MeasuredPair {
  readonly sender: MeasuredGuest;
  readonly receiver: MeasuredGuest;
}

/** @throws StoreError VM_NOT_FOUND */
export async function readPair(
  { store }: Pick<ExperimentParts, "store">,
  experiment: ExperimentRecord,
): Promise<MeasuredPair> {
  const [sender, receiver] = pairOf(experiment);
  const read = async (id: VmId): Promise<MeasuredGuest> => {
    const { allocation } = await store.reads.vms.get(id);
    const { id: host, hostEpoch, inventory } = await store.reads.hosts.get(allocation.host);
    const [nic] = allocation.nics;
    assert(nic !== undefined, `VM ${id} has a NIC`);
    const patienceMs = PATIENCE_MS[inventory?.accelerator ?? "kvm"];
    return { vm: id, host: { host, hostEpoch }, address: cidrAddress(nic.address), patienceMs };
  };
  return { sender: await read(sender.vm), receiver: await read(receiver.vm) };
}

/** Hosts of the pair, each once. */
export const hostsOf = ({ sender, receiver }: MeasuredPair): readonly HostAddress[] =>
  sender.host.host === receiver.host.host ? [sender.host] : [sender.host, receiver.host];

/** What a program in a guest is given, and how long it may take. */
export interface GuestProgram {
  readonly guest: MeasuredGuest;
  readonly argv: ExecRequest["argv"];
  readonly timeoutMs: number;
  /** Called once the agent has taken it on. */
  readonly onTaken?: () => void;
}

/**
 * Runs a program in a guest, with its arguments and exit code in the audit.
 *
 * @throws DispatchError HOST_UNREACHABLE, SESSION_LOST and what the guest agent answered
 */
export async function runProgram(
  { store, dispatch }: Pick<ExperimentParts, "store" | "dispatch">,
  { guest, argv, timeoutMs, onTaken }: GuestProgram,
  signal: AbortSignal,
): Promise<ExecOutcome> {
  const request = { vm: guest.vm, argv, timeoutMs };
  const end = await runInVm(
    dispatch,
    { address: guest.host, request, ...(onTaken !== undefined && { onTaken }) },
    signal,
  );
  const result = end.outcome?.exitCode.toString() ?? end.error?.reason ?? "unknown";
  await store.transaction({ actor: EXPERIMENT_ACTOR }, async (tx) =>
    tx.events.record({
      action: "vm.exec-end",
      resource: vmName.format(guest.vm),
      details: { argv: argv.join(" "), result },
    }),
  );
  if (end.error !== undefined) throw end.error;
  return end.outcome;
}
