import {
  commandLines,
  createMainJob,
  kindWord,
  type MainJob,
  type MainJobTimeouts,
  type Report,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import type { Stack } from "@switchyard/dev/stack";
import { HostKind, JobState, Network, PlanGoal, PlanState, Vm, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { giveToken, startLabAgent } from "./lab-agent.ts";
import type { LabHost, LabProcess } from "./lab-host.ts";
import { NESTED_INITRD, NESTED_KERNEL, NESTED_KERNEL_ARGUMENTS } from "./nested-vm.ts";
import { readVmPids, verifyApplied, verifyNothingLeft } from "./outside-checks.ts";

/** Emulation inside emulation: a guest needs minutes where a server needs seconds. */
const LAB_TIMEOUTS: MainJobTimeouts = { hostReadyMs: 120_000, jobMs: 300_000, vmStartMs: 900_000 };
const AGENT_BACK_MS = 60_000;

const BRIDGE = "cxbr0";
const BRIDGE_ADDRESS = "192.168.101.2";
const VM_IDS = ["web-1", "web-2"] as const;
const MIB = 1024n * 1024n;
const VM_MEMORY = 128n * MIB;

export interface LabScenario {
  readonly stack: Stack;
  readonly labHost: LabHost;
  readonly report: Report;
}

/** From a bare lab host to two VMs that answer each other, and back. */
export async function runLabScenario(lab: LabScenario): Promise<void> {
  const { stack, labHost, report } = lab;
  const host = `hosts/${labHost.topology.name}`;
  const job = createMainJob({ client: stack.client, report, timeouts: LAB_TIMEOUTS });
  const agent = await enrol(lab, job, host);
  await applyProfile(lab, job, host);
  const vms = await startVms(report, job);
  const target = addressOf(vms[1]);
  await verifyPings(lab, job, target);
  await breakAndMend(lab, job, target);
  await killAgent(lab, agent, host);
  await tearDown(lab, job, host);
}

const addressOf = (vm: Vm | undefined): string => vm?.allocation?.address.split("/")[0] ?? "";

async function enrol(
  { stack, labHost, report }: LabScenario,
  job: MainJob,
  name: string,
): Promise<LabProcess> {
  report.part("The packaged agent starts in it, enrols, and its inventory is seen");
  await giveToken(stack, labHost);
  const agent = await startLabAgent(stack, labHost);
  const host = await job.readyHost(name);
  const nic = host.inventory?.nics[0];
  report.say(
    `${host.name}  ${kindWord(host.kind)}  ${host.inventory?.osName} ${host.inventory?.kernelRelease}  ${nic?.model} (${nic?.nicProfile})  ${host.inventory?.accelerator}`,
  );
  report.verify(host.kind === HostKind.LAB, `${name} is shown as a lab host`);
  report.verify(nic?.pfs[0]?.eswitchMode === "legacy", "its NIC is in factory state");
  return agent;
}

async function applyProfile(
  { stack, labHost, report }: LabScenario,
  job: MainJob,
  host: string,
): Promise<void> {
  report.part("The profile of the demo is planned and applied");
  const bridgeAddresses = { first: BRIDGE_ADDRESS, last: "192.168.101.19" };
  await job.createProfile(
    "vdpa",
    vdpaDatapath({ vfCount: labHost.topology.vfs.length, maxVqp: 16, bridgeAddresses }),
    { role: "vm-host" },
  );
  const plan = await job.plan(host, PlanGoal.APPLY_PROFILE);
  report.show(commandLines(plan).join("\n"));
  for (const { message, reason } of plan.findings) report.say(`finding: ${message} [${reason}]`);
  report.verify(plan.state === PlanState.READY, `${plan.steps.length} steps planned`);
  const applied = await job.apply(plan);
  report.verify(applied.state === JobState.SUCCEEDED, `applied, ${applied.stepsDoneCount} steps`);
  const again = await job.plan(host, PlanGoal.APPLY_PROFILE);
  if (again.state !== PlanState.EMPTY) report.show(commandLines(again).join("\n"));
  report.verify(again.state === PlanState.EMPTY, "a second plan is empty");
  await verifyApplied(labHost, report);
  const wanted = ["nic.uplink.rx_packets", "host.cpu_busy_seconds"];
  const samples = await stack.waitForSamples(host, wanted);
  report.verify(samples.length >= wanted.length, `telemetry arrives, ${samples.length} series`);
}

async function startVms(report: Report, job: MainJob): Promise<readonly Vm[]> {
  report.part("Two VMs are placed and started on vhost-vdpa (nested emulation: minutes)");
  await job.createNetwork(
    "lan",
    Network.fromPartial({
      spec: {
        bridge: BRIDGE,
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
        macPool: { first: "52:54:00:aa:00:01", last: "52:54:00:aa:00:ff" },
      },
    }),
  );
  const vms = await Promise.all(VM_IDS.map((id) => job.createVm(id, labVm())));
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

const labVm = (): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: VM_MEMORY,
      boot: {
        $case: "kernel",
        value: {
          kernelPath: NESTED_KERNEL,
          initrdPath: NESTED_INITRD,
          commandLine: NESTED_KERNEL_ARGUMENTS,
        },
      },
      network: "networks/lan",
      queuePairs: 1,
      hasGuestAgent: true,
    },
  });

async function verifyPings({ report }: LabScenario, job: MainJob, target: string): Promise<void> {
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
async function breakAndMend(
  { labHost, report }: LabScenario,
  job: MainJob,
  target: string,
): Promise<void> {
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

async function killAgent(
  { stack, labHost, report }: LabScenario,
  agent: LabProcess,
  host: string,
): Promise<void> {
  report.part("The agent is killed (SIGKILL) and started again; the VMs do not notice");
  const before = await readVmPids(labHost);
  await labHost.output(["kill", "-KILL", String(agent.pid)]);
  await startLabAgent(stack, labHost);
  const killedAt = Date.now();
  await waitFor(
    async () => {
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      const observed = inventory?.observeTime?.getTime() ?? 0;
      return observed > killedAt && inventory?.vms.length === VM_IDS.length;
    },
    { deadlineMs: AGENT_BACK_MS, describe: () => "no inventory of the new agent with both VMs" },
  );
  const after = await readVmPids(labHost);
  report.verify(
    before.length === VM_IDS.length && before.join() === after.join(),
    `the same QEMU processes, adopted by the new agent: ${before.join(", ")}, then ${after.join(", ")}`,
  );
}

async function tearDown(
  { labHost, report }: LabScenario,
  job: MainJob,
  host: string,
): Promise<void> {
  report.part("VMs deleted, host torn down");
  await Promise.all(VM_IDS.map((id) => job.deleteVm(`vms/${id}`)));
  const plan = await job.plan(host, PlanGoal.TEAR_DOWN);
  const job1 = await job.apply(plan);
  report.verify(job1.state === JobState.SUCCEEDED, `torn down, ${job1.stepsDoneCount} steps`);
  await verifyNothingLeft(labHost, report);
}
