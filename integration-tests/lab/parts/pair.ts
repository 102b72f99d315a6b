import { type Vm, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "../context.ts";
import type { LabHost, LabHostOptions } from "../lab-host.ts";
import { createVmTimed } from "./create-share.ts";
import { enrol } from "./enrol.ts";
import { addressOf, readGuestLog } from "./guest.ts";
import { ensureNetwork } from "./network.ts";
import { BRIDGE, ensureProfile, ensureProfileApplied } from "./profile.ts";

/** One of two hosts with its VM. */
export interface Side {
  readonly context: LabContext;
  readonly vm: Vm;
}
export type Pair = readonly [left: Side, right: Side];

const PLACED_MS = 60_000;
/** Characters of a guest's log that tell where it stood. */
const LOG_SHOWN = 2_000;
const VM_IDS = ["left-1", "right-1"] as const;

/** The second lab host, its agent installed and the profile applied on both. It stops with the scope. */
export async function startSecondHost(
  context: LabContext,
  options: Pick<LabHostOptions, "vdpaMacs">,
): Promise<LabContext & { readonly labHost: LabHost }> {
  const { report } = context;
  report.part("A second lab host is switched on, at the other end of the first one's uplink");
  const labHost = await context.startNeighbour(options);
  const second = { ...context, labHost, host: `hosts/${labHost.topology.name}` };
  try {
    await enrol(second);
    await ensureProfile(context);
    await Promise.all([context, second].map(ensureProfileApplied));
    return second;
  } catch (error) {
    await labHost.stop();
    throw error;
  }
}

/**
 * A VM on each host. The second one may go wherever there is room, now and later: that is where the first one is not.
 *
 * @param vmOf what it is, by which hosts it may be on
 */
export async function createPair(
  contexts: readonly [LabContext, LabContext],
  vmOf: (hostSelector: Readonly<Record<string, string>>) => Vm,
): Promise<Pair> {
  const [first, second] = contexts;
  const { report, stack } = first;
  report.part("A VM is created on each of the two hosts");
  await ensureNetwork(first);
  const here = { machine: first.labHost.topology.name };
  const left = createVmTimed(first, VM_IDS[0], vmOf(here));
  await waitFor(() => stack.client.vms.getVm({ name: `vms/${VM_IDS[0]}` }).catch(() => undefined), {
    deadlineMs: PLACED_MS,
    describe: () => `nobody placed ${VM_IDS[0]}`,
  });
  const right = createVmTimed(first, VM_IDS[1], vmOf({}));
  const pair: Pair = [
    { context: first, vm: await left },
    { context: second, vm: await right },
  ];
  for (const { vm, context } of pair) {
    const { allocation, state } = vm;
    report.verify(
      state === VmState.RUNNING && allocation?.host === context.host,
      `${vm.name} runs on ${allocation?.host}, VF ${allocation?.vfIndex}, ${allocation?.mac}, ${allocation?.address}`,
    );
    if (state !== VmState.RUNNING)
      throw new Error(`${vm.name} did not come up: ${await endOfLog(first, vm)}`);
  }
  return pair;
}

/** What the guest wrote last, as far as its host still has it. */
async function endOfLog({ stack }: LabContext, { name }: Vm): Promise<string> {
  const log = await readGuestLog(stack, name).catch(
    (error: unknown) => `no log (${error instanceof Error ? error.message : error})`,
  );
  return log.slice(-LOG_SHOWN) || "nothing on its serial console";
}

/** Both ways over the wire, and not without it. */
export async function verifyWire([left, right]: Pair): Promise<void> {
  const { report, job, labHost } = left.context;
  report.part("They ping each other: VF, representor, OVS, uplink, wire, and up again");
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    const { received, transmitted } = await job.ping(from.vm.name, addressOf(to.vm));
    report.verify(
      received > 0 && received === transmitted,
      `${from.vm.name} -> ${to.vm.name}: ${received} of ${transmitted} came back`,
    );
  }
  const { uplink } = labHost.topology;
  await labHost.output(["ovs-vsctl", "--timeout=15", "del-port", BRIDGE, uplink.netdev]);
  const without = await job.ping(left.vm.name, addressOf(right.vm));
  report.verify(without.received === 0, `without ${uplink.netdev}: ${without.received} came back`);
  await labHost.output(["ovs-vsctl", "--timeout=15", "add-port", BRIDGE, uplink.netdev]);
  const again = await job.ping(left.vm.name, addressOf(right.vm));
  report.verify(again.received > 0, `with it again: ${again.received} of ${again.transmitted}`);
}
