import { jobEvents } from "@switchyard/client";
import { MigrationMethod, type Move, MovePhase, type Vm, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { readVmPids } from "../outside-checks.ts";
import { changeCard } from "./card.ts";
import { createVmTimed } from "./create-share.ts";
import { enrol } from "./enrol.ts";
import { addressOf, readGuestLog, runInGuest, talkOnConsole } from "./guest.ts";
import { ensureImage, IMAGE, imageVm } from "./image.ts";
import { ensureNetwork } from "./network.ts";
import { verifyOffloadRollouts } from "./offload-rollout.ts";
import { BRIDGE, ensureProfile, ensureProfileApplied, tearDown } from "./profile.ts";

/** Long enough for events that a busy emulation sends late. */
const EVENTS_MS = 300_000;
const PLACED_MS = 60_000;
const VM_IDS = ["left-1", "right-1"] as const;

/** One of the two hosts with its VM. */
interface Side {
  readonly context: LabContext;
  readonly vm: Vm;
}

/** A VM on each of two hosts, from one image, the wire between them, and the move of one to the other's host. */
export const twoHostsPart: LabPart = {
  name: "two-hosts",
  run: async (context) => {
    const { report } = context;
    await changeCard(context, "settable");
    report.part("A second lab host is switched on, at the other end of the first one's uplink");
    await using labHost = await context.startNeighbour({ vdpaMacs: "settable" });
    const neighbour = { ...context, labHost, host: `hosts/${labHost.topology.name}` };
    await enrol(neighbour);
    await ensureProfile(context);
    await Promise.all([context, neighbour].map(ensureProfileApplied));
    report.part("One image is imported, and both hosts fetch it");
    const image = { name: IMAGE, source: context.image };
    await ensureImage(context, image, [context.host, neighbour.host]);
    const sides = await createVms([context, neighbour]);
    for (const side of sides) await verifyGuest(side);
    await verifyPings(sides);
    await logIn(sides[0] as Side);
    const [from, to] = sides.map(({ vm }) => vm) as [Vm, Vm];
    await verifyOffloadRollouts(context, { from, to });
    const moved = await evacuate(sides);
    await killQemu(moved);
    report.part("The VMs are deleted, and the second host is switched off");
    await Promise.all(sides.map(({ vm }) => context.job.deleteVm(vm.name)));
    await tearDown(neighbour);
    await changeCard(context, "fixed");
  },
};

/** The second one may go wherever there is room, now and later: that is where the first one is not. */
async function createVms(contexts: readonly LabContext[]): Promise<readonly Side[]> {
  const [first, second] = contexts as readonly [LabContext, LabContext];
  const { report, stack } = first;
  report.part("A VM on each, from the image (Debian under two emulations: minutes)");
  await ensureNetwork(first);
  const here = { machine: first.labHost.topology.name };
  const left = createVmTimed(first, VM_IDS[0], imageVm(here));
  await waitFor(() => stack.client.vms.getVm({ name: `vms/${VM_IDS[0]}` }).catch(() => undefined), {
    deadlineMs: PLACED_MS,
    describe: () => `nobody placed ${VM_IDS[0]}`,
  });
  const right = createVmTimed(first, VM_IDS[1], imageVm({}));
  const sides = [
    { context: first, vm: await left },
    { context: second, vm: await right },
  ];
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

/** The second host is emptied: its VM goes to the first, with its disk, its MAC and its address. */
async function evacuate(sides: readonly Side[]): Promise<Side> {
  const [stays, goes] = sides as readonly [Side, Side];
  const { report, stack, job, labHost } = stays.context;
  const { client } = stack;
  report.part(`${goes.context.host} is evacuated, and its VM answers from ${stays.context.host}`);
  const { method, obstacles } = await client.moves.getMigrationCapability({ vm: goes.vm.name });
  for (const { found, needs } of obstacles) report.say(`not live: ${found}; needs ${needs}`);
  report.verify(method === MigrationMethod.COLD, "it can be moved cold");
  const begun = performance.now();
  const { moves } = await client.moves.evacuateHost({ name: goes.context.host, reason: "a lab" });
  report.verify(moves.length === 1, `${moves.length} VM leaves`);
  const { phase, diskBytes, failure } = await waitForMove(stack, moves[0]?.name ?? "");
  report.verify(
    phase === MovePhase.DONE,
    `moved in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${(Number(diskBytes) / MIB).toFixed(0)} MiB of disk ${failure?.message ?? ""}`,
  );
  const vm = await client.vms.getVm({ name: goes.vm.name });
  report.verify(
    vm.state === VmState.RUNNING && vm.allocation?.host === stays.context.host,
    `${vm.name} runs on ${vm.allocation?.host}, VF ${vm.allocation?.vfIndex}`,
  );
  const { mac, address } = goes.vm.allocation ?? {};
  report.verify(
    vm.allocation?.mac === mac && vm.allocation?.address === address,
    `with ${vm.allocation?.mac} and ${vm.allocation?.address}, as before`,
  );
  const { received, transmitted } = await job.ping(stays.vm.name, addressOf(vm));
  report.verify(
    received > 0 && received === transmitted,
    `${stays.vm.name} -> ${vm.name}: ${received} of ${transmitted} came back`,
  );
  const left = await readVmPids(goes.context.labHost);
  report.verify(left.length === 0, `no QEMU is left on ${goes.context.host}`);
  const running = await readVmPids(labHost);
  report.verify(running.length === 2, `${running.length} run on ${stays.context.host}`);
  return { context: stays.context, vm };
}

/** Its disk over the bus, and a boot under two emulations. */
const MOVED_MS = 1_800_000;
const MIB = 1024 * 1024;
const ENDS: readonly MovePhase[] = [MovePhase.DONE, MovePhase.FAILED];

const waitForMove = ({ client }: LabContext["stack"], name: string): Promise<Move> => {
  let seen = "nothing";
  return waitFor(
    async () => {
      const move = await client.moves.getMove({ name });
      seen = `${move.phase} ${move.failure?.message ?? ""}`;
      return ENDS.includes(move.phase) ? move : undefined;
    },
    { deadlineMs: MOVED_MS, pollMs: LOOK_AGAIN_MS, describe: () => `${name} is in phase ${seen}` },
  );
};

/** Nobody asked for it, and the agent tells within seconds; a busy emulation within tens of them. */
const NOTICED_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

async function killQemu({ context, vm }: Side): Promise<void> {
  const { report, stack, labHost } = context;
  report.part(`The QEMU process of ${vm.name} is killed (SIGKILL), and that is told`);
  const pid = (await labHost.output(["cat", `/run/switchyard/vms/${idOf(vm)}/qemu.pid`])).trim();
  await labHost.output(["kill", "-KILL", pid]);
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
