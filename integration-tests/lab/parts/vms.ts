import { NicKind, Vm, VmRuntime, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { findAgentPid } from "../lab-agent.ts";
import { readVmPids } from "../outside-checks.ts";
import { createVmTimed } from "./create-share.ts";
import { addressOf } from "./guest.ts";
import { startLibvirt, verifyDomain, verifyNoDomain } from "./libvirt.ts";
import { ensureNetwork, NETWORK } from "./network.ts";
import { BRIDGE, BRIDGE_ADDRESS, ensureProfileApplied } from "./profile.ts";
import { smallGuest } from "./small-guest.ts";

/** Node starts in seconds under emulation, in tens of them on a busy machine. */
const AGENT_BACK_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

/** Who runs QEMU: the agent itself, and libvirt from a domain. */
const VMS = { "web-1": VmRuntime.QEMU, "web-2": VmRuntime.LIBVIRT } as const;
const VM_IDS = Object.keys(VMS);

/** Two VMs on vDPA that answer each other, one run by libvirt, an agent that dies under them, and their end. */
export const vmsPart: LabPart = {
  name: "vms",
  run: async (context) => {
    const { job, report } = context;
    await ensureProfileApplied(context);
    report.part("libvirt is started, as systemd does on a server");
    await using _ = await startLibvirt(context.labHost);
    const vms = await startVms(context);
    const target = addressOf(vms[1] as Vm);
    await verifyDomain(context, "web-2");
    await verifyPings(context, target);
    await breakAndMend(context, target);
    await killAgent(context);
    report.part("The VMs are deleted");
    await Promise.all(VM_IDS.map((id) => job.deleteVm(`vms/${id}`)));
    await verifyNoDomain(context);
  },
};

async function startVms(context: LabContext): Promise<readonly Vm[]> {
  const { report } = context;
  report.part("Two VMs are placed and started on vhost-vdpa (nested emulation: minutes)");
  await ensureNetwork(context);
  const vms = await Promise.all(
    Object.entries(VMS).map(([id, runtime]) =>
      createVmTimed(context, id, labVm(context.host, runtime)),
    ),
  );
  for (const { name, allocation } of vms) {
    report.say(
      `${name}  ${allocation?.host}  VF ${allocation?.vfIndex}  ${allocation?.mac}  ${allocation?.address}`,
    );
  }
  report.verify(
    vms.every(({ state }) => state === VmState.RUNNING),
    "both VMs run, and their guests have their addresses",
  );
  return vms;
}

const labVm = (host: string, runtime: VmRuntime): Vm =>
  Vm.fromPartial({
    spec: {
      ...smallGuest(host),
      runtime,
      nics: [{ network: NETWORK, kind: NicKind.VDPA, queuePairs: 1 }],
    },
  });

async function verifyPings({ report, job }: LabContext, target: string): Promise<void> {
  report.part("They ping each other through OVS and the representors");
  for (const address of [target, BRIDGE_ADDRESS]) {
    const { received, transmitted } = await job.ping("vms/web-1", address);
    report.verify(
      received > 0 && received === transmitted,
      `vms/web-1 -> ${address}: ${received} of ${transmitted} came back`,
    );
  }
}

/** The proof that the traffic really takes the path: without its representor a VM is cut off. */
async function breakAndMend({ labHost, report, job }: LabContext, target: string): Promise<void> {
  report.part("A representor is taken out of the bridge by hand, and put back");
  const representors = labHost.topology.vfs.map((vf) => vf.representor.netdev);
  const broken = representors.at(-1) ?? "";
  await labHost.output(["ovs-vsctl", "--timeout=15", "del-port", BRIDGE, broken]);
  const without = await job.ping("vms/web-1", target);
  report.verify(
    without.received === 0,
    `without ${broken}: ${without.received} of ${without.transmitted}`,
  );
  await labHost.output(["ovs-vsctl", "--timeout=15", "add-port", BRIDGE, broken]);
  const again = await job.ping("vms/web-1", target);
  report.verify(again.received > 0, `with it again: ${again.received} of ${again.transmitted}`);
}

async function killAgent({ stack, labHost, report, host }: LabContext): Promise<void> {
  report.part("The agent is killed (SIGKILL) and process 1 starts it again; the VMs do not notice");
  const before = await readVmPids(labHost);
  const agentPid = await findAgentPid(labHost);
  await labHost.output(["kill", "-KILL", String(agentPid)]);
  const killedAt = Date.now();
  await waitFor(
    async () => {
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      const observed = inventory?.observeTime?.getTime() ?? 0;
      return observed > killedAt && inventory?.vms.length === VM_IDS.length;
    },
    {
      deadlineMs: AGENT_BACK_MS,
      pollMs: LOOK_AGAIN_MS,
      describe: () => "no inventory of the new agent with both VMs",
    },
  );
  const after = await readVmPids(labHost);
  report.verify(
    before.length === VM_IDS.length && before.join() === after.join(),
    `the same QEMU processes, adopted by the new agent: ${before.join(", ")}, then ${after.join(", ")}`,
  );
}
