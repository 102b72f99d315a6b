import { jobEvents } from "@switchyard/client";
import { MigrationMethod, type Vm, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { readVmPids } from "../outside-checks.ts";
import { enrol } from "./enrol.ts";
import { addressOf, readGuestLog, runInGuest, talkOnConsole } from "./guest.ts";
import { ensureImage, imageVm } from "./image.ts";
import { ensureNetwork } from "./network.ts";
import { BRIDGE, ensureProfileApplied } from "./profile.ts";

/** Long enough for events that a busy emulation sends late. */
const EVENTS_MS = 300_000;
const VM_IDS = ["left-1", "right-1"] as const;

/** One of the two hosts with its VM. */
interface Side {
  readonly context: LabContext;
  readonly vm: Vm;
}

/** A VM on each of two hosts, from one image, and the wire between them. */
export const twoHostsPart: LabPart = {
  name: "two-hosts",
  run: async (context) => {
    const { report } = context;
    await ensureProfileApplied(context);
    report.part("A second lab host is switched on, at the other end of the first one's uplink");
    await using labHost = await context.startNeighbour();
    const neighbour = { ...context, labHost, host: `hosts/${labHost.topology.name}` };
    await enrol(neighbour);
    await ensureProfileApplied(neighbour);
    report.part("One image is imported, and both hosts fetch it");
    await ensureImage(context, [context.host, neighbour.host]);
    const sides = await createVms([context, neighbour]);
    for (const side of sides) await verifyGuest(side);
    await verifyPings(sides);
    await verifyStays(sides[1] as Side);
    await logIn(sides[0] as Side);
    await killQemu(sides[1] as Side);
    report.part("The VMs are deleted, and the second host is switched off");
    await Promise.all(sides.map(({ vm }) => context.job.deleteVm(vm.name)));
  },
};

async function createVms(contexts: readonly LabContext[]): Promise<readonly Side[]> {
  const [{ report, job }] = contexts as readonly [LabContext];
  report.part("A VM on each, from the image (Debian under two emulations: minutes)");
  await ensureNetwork(contexts[0] as LabContext);
  const sides = await Promise.all(
    contexts.map(async (context, index) => ({
      context,
      vm: await job.createVm(VM_IDS[index] ?? "", imageVm(context.host)),
    })),
  );
  for (const { vm, context } of sides) {
    const { allocation, state } = vm;
    report.verify(
      state === VmState.RUNNING && allocation?.host === context.host,
      `${vm.name} runs on ${allocation?.host}, VF ${allocation?.vfIndex}, ${allocation?.mac}, ${allocation?.address}`,
    );
  }
  return sides;
}

const idOf = ({ name }: Vm): string => name.replace(/^vms\//, "");

/** Asked in the guest itself, and by its console. */
async function verifyGuest({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  report.part(`What ${vm.name} says of itself`);
  const { mac, address } = vm.allocation ?? { mac: "", address: "" };
  const shown = await runInGuest(stack, vm.name, ["ip", "-o", "address", "show", "dev", "nic0"]);
  report.verify(shown.stdout.includes(`inet ${address} `), `it has ${address} on nic0`);
  const link = await runInGuest(stack, vm.name, ["cat", "/sys/class/net/nic0/address"]);
  report.verify(link.stdout.trim() === mac, `whose MAC is ${link.stdout.trim()}`);
  report.verify(await isSetByCloudInit(context, vm), "set by cloud-init, not through its agent");
  const log = await readGuestLog(stack, vm.name);
  report.show(
    log
      .split("\n")
      .filter((line) => line.includes("switchyard guest"))
      .join("\n"),
  );
  report.verify(log.includes(`${idOf(vm)} login:`), `its log shows "${idOf(vm)} login:"`);
}

/** Root's password is emptied by cloud-init's last stage. */
async function logIn({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  report.part(`A person logs in on the console of ${vm.name}`);
  const log = await talkOnConsole(stack, vm.name, [
    { await: "login:", type: "root\r" },
    { await: ":~#", type: "hostname; id -un; exit\r" },
    { await: "login:", type: "" },
  ]);
  report.show(log.replaceAll("\r", "").trim());
  report.verify(/^root$/m.test(log.replaceAll("\r", "")), "root, and nobody asked for a password");
}

/** The step that would set the address found it there. */
async function isSetByCloudInit({ stack }: LabContext, { job }: Vm): Promise<boolean> {
  for await (const { body } of jobEvents(stack.client, job, { timeoutMs: EVENTS_MS })) {
    if (body?.$case !== "stepFinished" || !body.value.step.includes("GuestAddress")) continue;
    return !body.value.changed;
  }
  return true;
}

async function verifyPings(sides: readonly Side[]): Promise<void> {
  const [left, right] = sides as readonly [Side, Side];
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

/** vp_vdpa's NICs have MACs that nobody can set, and a VM keeps its own: the product says that it can't go. */
async function verifyStays({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  report.part(`Whether ${vm.name} could be moved to the other host, and why not`);
  const { moves } = stack.client;
  const capability = await moves.getMigrationCapability({ vm: vm.name });
  for (const { found, needs } of capability.obstacles) report.say(`found ${found}; needs ${needs}`);
  report.verify(
    capability.method === MigrationMethod.NONE &&
      capability.obstacles.some(({ found }) => found.includes("which hardware fixes")),
    "it can't: its MAC is the card's",
  );
  const planned = await moves.evacuateHost({ name: context.host, validateOnly: true });
  const [stays] = planned.staying;
  report.verify(
    planned.moves.length === 0 && stays?.vm === vm.name,
    `evacuating ${context.host} would leave ${stays?.vm}: ${stays?.failure?.message}`,
  );
}

/** Nobody asked for it, and the agent tells within seconds; a busy emulation within tens of them. */
const NOTICED_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

async function killQemu({ context, vm }: Side): Promise<void> {
  const { report, stack, labHost } = context;
  report.part(`The QEMU process of ${vm.name} is killed (SIGKILL), and that is told`);
  const [pid] = await readVmPids(labHost);
  await labHost.output(["kill", "-KILL", String(pid)]);
  const seen = await waitFor(
    async () => {
      const now = await stack.client.vms.getVm({ name: vm.name });
      return now.state === VmState.RUNNING ? undefined : now;
    },
    { deadlineMs: NOTICED_MS, pollMs: LOOK_AGAIN_MS, describe: () => `${vm.name} still runs` },
  );
  report.verify(
    seen.state === VmState.FAILED && seen.failure !== undefined,
    `state ${seen.state}: ${seen.failure?.message} [${seen.failure?.reason}]`,
  );
}
