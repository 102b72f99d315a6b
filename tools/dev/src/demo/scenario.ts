import {
  type Host,
  JobState,
  Network,
  NicKind,
  type Plan,
  PlanGoal,
  PlanState,
  Vm,
  VmState,
} from "@switchyard/proto";
import { commandLines } from "../main-job/command-lines.ts";
import {
  createMainJob,
  kindWord,
  type MainJob,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "../main-job/main-job.ts";
import type { Report } from "../main-job/report.ts";
import type { Stack } from "../stack/stack.ts";
import { DEMO_IMAGE } from "./demo-image.ts";
import { showFinalResult } from "./final-result.ts";
import { startVmsOnVfs } from "./sriov-vms.ts";

const MIB = 1024n * 1024n;
const NETWORK = "networks/lan";
const BRIDGE_ADDRESSES = { first: "192.168.101.2", last: "192.168.101.19" };

/** What the demo made, for tearing down and for the commands it suggests. */
export interface DemoState {
  readonly hosts: readonly string[];
  readonly vms: readonly Vm[];
}

/** From bare hosts to VMs of both NIC kinds that answer each other. */
export async function runDemo(stack: Stack, report: Report): Promise<DemoState> {
  const job = createMainJob({ client: stack.client, report, timeouts: SIMULATED_TIMEOUTS });
  await enrolAndInspect(stack, job, report);
  const hosts = await profileAndApply(stack, job, report);
  await importImage(job, hosts, report);
  const vms = await startVms(job, report);
  await pingEachOther(stack, vms, { job, report });
  const used = new Set(vms.map(({ allocation }) => allocation?.host));
  const host = hosts.filter((each) => !used.has(each)).at(-1) ?? "";
  const onVfs = await startVmsOnVfs(stack, { host, network: NETWORK }, { job, report });
  await showFinalResult(stack, vms, report);
  await showTelemetry(stack, vms, report);
  return { hosts, vms: [...vms, ...onVfs] };
}

async function enrolAndInspect(stack: Stack, job: MainJob, report: Report): Promise<void> {
  report.part("Hosts enrol; their inventory is seen");
  const hosts = await Promise.all(stack.hostNames.map((host) => job.readyHost(host)));
  for (const host of hosts) report.say(describeHost(host));
  report.verify(
    hosts.every(({ inventory }) => (inventory?.nics.length ?? 0) > 0),
    `${hosts.length} hosts enrolled, each with its NIC in the inventory`,
  );
}

function describeHost({ name, kind, inventory, findings }: Host): string {
  const nic = inventory?.nics[0];
  const ports = nic?.pfs
    .map((pf) => `${pf.pciAddress} ${pf.link?.netdev} ${pf.eswitchMode}`)
    .join(", ");
  const warnings = [...new Set(findings.map(({ reason }) => `  ! ${reason}`))].join("");
  return `${name}  ${kindWord(kind)}  ${inventory?.machineModel}  ${nic?.model} ${nic?.psid} fw ${nic?.runningFirmware}  ${ports}${warnings}`;
}

async function profileAndApply(
  stack: Stack,
  job: MainJob,
  report: Report,
): Promise<readonly string[]> {
  report.part("Create a host profile and plan every host (dry run)");
  await job.createProfile(
    "cx6dx-vdpa",
    vdpaDatapath({ vfCount: 2, maxVqp: 16, bridgeAddresses: BRIDGE_ADDRESSES }),
    { role: "vm-host" },
  );
  const plans = await Promise.all(
    stack.hostNames.map((host) => job.plan(host, PlanGoal.APPLY_PROFILE)),
  );
  for (const plan of plans) showPlan(plan, report);
  const ready = plans.filter(({ state }) => state === PlanState.READY);
  const blocked = plans.filter(({ state }) => state === PlanState.BLOCKED);
  report.verify(
    blocked.length === 1 &&
      blocked[0]?.findings.some(({ reason }) => reason === "ESWITCH_FIRMWARE_TOO_OLD") === true,
    "the host with old firmware is blocked by a finding, the others are not",
  );
  report.say(`exact commands for ${ready[0]?.host}:`);
  if (ready[0] !== undefined) report.show(commandLines(ready[0]).join("\n"));

  report.part("Apply the plans");
  const jobs = await Promise.all(ready.map((plan) => job.apply(plan)));
  report.verify(
    jobs.every(({ state }) => state === JobState.SUCCEEDED),
    `${jobs.length} hosts applied, ${jobs.reduce((sum, { stepsDoneCount }) => sum + stepsDoneCount, 0)} steps`,
  );
  const hosts = ready.map(({ host }) => host);
  const again = await Promise.all(hosts.map((host) => job.plan(host, PlanGoal.APPLY_PROFILE)));
  report.verify(
    again.every(({ state }) => state === PlanState.EMPTY),
    "a second plan is empty on every one of them",
  );
  return hosts;
}

function showPlan(plan: Plan, report: Report): void {
  const findings = plan.findings.map(({ reason, message }) => `${message} [${reason}]`);
  report.say(
    plan.state === PlanState.BLOCKED
      ? `${plan.host}  ${kindWord(plan.hostKind)}  BLOCKED: ${findings.join("; ")}`
      : `${plan.host}  ${kindWord(plan.hostKind)}  ${plan.steps.length} steps, ${plan.affectedVms.length} VMs affected`,
  );
}

async function importImage(job: MainJob, hosts: readonly string[], report: Report): Promise<void> {
  report.part("Import an image; the hosts fetch, check and convert it");
  const jobs = await job.importImage("rocky9", DEMO_IMAGE, hosts);
  report.verify(
    jobs.every(({ state }) => state === JobState.SUCCEEDED),
    `${jobs.length} hosts have it: sum compared, header checked, read-only qcow2 (simulated)`,
  );
}

async function startVms(job: MainJob, report: Report): Promise<readonly Vm[]> {
  report.part("Create a network; place and start two VMs on vhost-vdpa");
  await job.createNetwork(
    "lan",
    Network.fromPartial({
      spec: {
        bridge: "cxbr0",
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.200" },
        macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:ff" },
      },
    }),
  );
  const vms: Vm[] = [];
  for (const id of ["web-1", "web-2"]) vms.push(await job.createVm(id, demoVm()));
  for (const { name, allocation } of vms) {
    report.say(
      `${name}  ${allocation?.host} (${kindWord(allocation?.hostKind ?? 0)})  VF ${allocation?.vfIndex} of ${allocation?.pfPciAddress}  ${allocation?.mac}  ${allocation?.address}`,
    );
  }
  report.verify(
    vms.every(({ state }) => state === VmState.RUNNING),
    "both VMs run",
  );
  return vms;
}

const demoVm = (): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 16,
      memoryBytes: 32n * 1024n * MIB,
      boot: {
        $case: "image",
        value: { image: "images/rocky9", guestSetup: { user: "demo" } },
      },
      nics: [{ network: NETWORK, kind: NicKind.VDPA, queuePairs: 16 }],
      hasGuestAgent: true,
    },
  });

const addressOf = (vm: Vm): string => vm.allocation?.address.split("/")[0] ?? "";

/** Address of the host's own end of the bridge: which of the profile's range it got, only it knows. */
async function bridgeAddressOf(stack: Stack, host: string): Promise<string> {
  const { inventory } = await stack.client.hosts.getHost({ name: host });
  return inventory?.ovs?.bridges[0]?.addresses[0]?.split("/")[0] ?? "";
}

async function pingEachOther(
  stack: Stack,
  vms: readonly Vm[],
  { job, report }: { readonly job: MainJob; readonly report: Report },
): Promise<void> {
  report.part("The VMs ping each other, and a host's bridge address");
  const [first, second] = vms;
  if (first === undefined || second === undefined) return;
  const targets = [
    [first, addressOf(second)],
    [second, addressOf(first)],
    [first, await bridgeAddressOf(stack, second.allocation?.host ?? "")],
  ] as const;
  for (const [vm, target] of targets) {
    const { received, transmitted } = await job.ping(vm.name, target);
    report.verify(
      received === transmitted && received > 0,
      `${vm.name} -> ${target}: ${received} of ${transmitted} came back (simulated network)`,
    );
  }
}

async function showTelemetry(stack: Stack, vms: readonly Vm[], report: Report): Promise<void> {
  report.part("Telemetry arrives");
  const host = vms[0]?.allocation?.host ?? "";
  const samples = await stack.waitForSamples(host, [
    "nic.uplink.rx_packets",
    "vm.running",
    "host.cpu_count",
  ]);
  for (const sample of samples.slice(0, 12)) {
    report.say(
      `${sample.host}  ${sample.metric.padEnd(24)} ${sample.object.padEnd(18)} ${sample.value}`,
    );
  }
  report.verify(samples.length > 0, `${samples.length} series of ${host} (simulated)`);
}

/** Deletes the VMs, tears every host down and verifies that nothing is left. */
export async function tearDownDemo(stack: Stack, state: DemoState, report: Report): Promise<void> {
  const job = createMainJob({ client: stack.client, report, timeouts: SIMULATED_TIMEOUTS });
  report.part("Delete the VMs, tear the hosts down to where they were");
  for (const { name } of state.vms) await job.deleteVm(name);
  const plans = await Promise.all(state.hosts.map((host) => job.plan(host, PlanGoal.TEAR_DOWN)));
  const jobs = await Promise.all(plans.map((plan) => job.apply(plan)));
  report.verify(
    jobs.every(({ state: end }) => end === JobState.SUCCEEDED),
    `${jobs.length} hosts torn down`,
  );
  for (const name of state.hosts) {
    const host = await stack.client.hosts.getHost({ name });
    const pf = host.inventory?.nics[0]?.pfs[0];
    const bridges = host.inventory?.ovs?.bridges.length ?? 0;
    report.verify(
      pf?.eswitchMode === "legacy" && pf.vfCount === 0 && bridges === 0,
      `${name}: legacy mode, no VFs, no bridge`,
    );
  }
}
