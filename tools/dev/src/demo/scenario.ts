import { type Host, JobState, type Plan, PlanGoal, PlanState, type Vm } from "@switchyard/proto";
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
import { type DemoContext, IMAGE, NETWORK, PROFILE } from "./context.ts";
import { DEMO_IMAGE } from "./demo-image.ts";
import { showEvacuation } from "./evacuation.ts";
import { showExperiment } from "./experiment.ts";
import { showFinalResult } from "./final-result.ts";
import { showFleetToggle } from "./fleet-toggle.ts";
import { showSriov } from "./sriov.ts";
import { createSwy } from "./swy.ts";
import { addressOf, createNetwork, createVms, verifyPing } from "./vms.ts";

const BRIDGE_ADDRESSES = { first: "192.168.101.2", last: "192.168.101.19" };

/** What the demo made, for tearing down and for the commands it suggests. */
export interface DemoState {
  readonly hosts: readonly string[];
  readonly vms: readonly Vm[];
}

/** From bare hosts to VMs on both kinds of NIC, an evacuation, a change of the whole fleet, and an experiment. */
export async function runDemo(stack: Stack, report: Report, root: string): Promise<DemoState> {
  const job = createMainJob({ client: stack.client, report, timeouts: SIMULATED_TIMEOUTS });
  const swy = createSwy(report, { root, address: stack.address });
  const context: DemoContext = { stack, report, job, swy };
  await enrolAndInspect(stack, job, report);
  const hosts = await profileAndApply(stack, job, report);
  await importImage(job, hosts, report);
  const vms = await startVms(context);
  await pingEachOther(context, vms);
  await showFinalResult(stack, vms, report);
  await showTelemetry(stack, vms, report);
  const used = new Set(vms.map(({ allocation }) => allocation?.host));
  const host = hosts.filter((each) => !used.has(each)).at(-1) ?? "";
  const fast = await showSriov(context, { host, other: vms[1] });
  const [leaving, staying] = vms;
  if (leaving !== undefined && staying !== undefined) {
    await showEvacuation(context, { leaving, staying });
  }
  await showFleetToggle(context);
  await showExperiment(context, { hosts, folder: `${root}/.run` });
  return { hosts, vms: [...vms, ...fast] };
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
    PROFILE,
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
  const jobs = await job.importImage(IMAGE, DEMO_IMAGE, hosts);
  report.verify(
    jobs.every(({ state }) => state === JobState.SUCCEEDED),
    `${jobs.length} hosts have it: sum compared, header checked, read-only qcow2 (simulated)`,
  );
}

/** Address of the host's own end of the bridge: which of the profile's range it got, only it knows. */
async function bridgeAddressOf(stack: Stack, host: string): Promise<string> {
  const { inventory } = await stack.client.hosts.getHost({ name: host });
  return inventory?.ovs?.bridges[0]?.addresses[0]?.split("/")[0] ?? "";
}

async function startVms(context: DemoContext): Promise<readonly Vm[]> {
  context.report.part("Create a network; place and start two VMs on vhost-vdpa");
  await createNetwork(context);
  const nic = ["--network", NETWORK, "--queues", "16"];
  return createVms(context, ["web-1", "web-2"], [...nic, "--vcpus", "16", "--memory", "32GiB"]);
}

async function pingEachOther(context: DemoContext, vms: readonly Vm[]): Promise<void> {
  context.report.part("The VMs ping each other, and a host's bridge address");
  const [first, second] = vms;
  if (first === undefined || second === undefined) return;
  const bridge = await bridgeAddressOf(context.stack, second.allocation?.host ?? "");
  await verifyPing(context, first, addressOf(second));
  await verifyPing(context, second, addressOf(first));
  await verifyPing(context, first, bridge);
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
