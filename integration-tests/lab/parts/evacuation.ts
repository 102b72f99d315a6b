import { vmPaths } from "@switchyard/model";
import { MigrationMethod, type Move, MovePhase, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { readVmPids } from "../outside-checks.ts";
import { changeCard } from "./card.ts";
import { verifyFreeze } from "./freeze.ts";
import { addressOf } from "./guest.ts";
import { ensureImage, SMALL_IMAGE, smallImageVm } from "./image.ts";
import { verifyOffloadRollouts } from "./offload-rollout.ts";
import { createPair, type Pair, type Side, startSecondHost, verifyWire } from "./pair.ts";
import { tearDown } from "./profile.ts";

/** Two hosts whose cards take MACs: offload is switched by rollouts under a ping, and one host is emptied to the other. */
export const evacuationPart: LabPart = {
  name: "evacuation",
  run: async (context) => {
    const { report, job } = context;
    await changeCard(context, "settable");
    const second = await startSecondHost(context, { vdpaMacs: "settable" });
    await using _ = second.labHost;
    report.part("An image is imported, and both hosts fetch it");
    const image = { name: SMALL_IMAGE, source: context.smallImage };
    await ensureImage(context, image, [context.host, second.host]);
    const pair = await createPair([context, second], smallImageVm);
    await verifyWire(pair);
    await verifyFreeze(pair[0]);
    const [{ vm: from }, { vm: to }] = pair;
    await verifyOffloadRollouts(context, { from, to });
    const moved = await evacuate(pair);
    await killQemu(moved);
    report.part("The VMs are deleted, and the second host is switched off");
    await Promise.all([from, moved.vm].map(({ name }) => job.deleteVm(name)));
    await tearDown(second);
    await changeCard(context, "fixed");
  },
};

/** The second host is emptied: its VM goes to the first, with its disk, its MAC and its address. */
async function evacuate([stays, goes]: Pair): Promise<Side> {
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
  const { received, transmitted } = await waitFor(
    async () => {
      const counts = await job.ping(stays.vm.name, addressOf(vm));
      return counts.received === 0 ? undefined : counts;
    },
    { deadlineMs: LEARNED_MS, describe: () => `${vm.name} is not heard from where it is now` },
  );
  report.verify(
    received > 0,
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
/** Until the bridge and the other guest hear of the MAC's new port: by its next frame, or by asking for it again. */
const LEARNED_MS = 300_000;

async function killQemu({ context, vm }: Side): Promise<void> {
  const { report, stack, labHost } = context;
  report.part(`The QEMU process of ${vm.name} is killed (SIGKILL), and that is told`);
  const pid = (
    await labHost.output(["cat", vmPaths(vm.name.replace(/^vms\//, "")).pidFile])
  ).trim();
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
