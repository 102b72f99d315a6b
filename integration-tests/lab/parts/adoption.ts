import type { Inventory } from "@switchyard/proto";
import { FindingSeverity } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { BRIDGE, BRIDGE_CIDR, setUpByHand, tearDownByHand } from "../by-hand.ts";
import type { LabContext, LabPart } from "../context.ts";
import { planProfile, tearDown } from "./profile.ts";

/** Twenty of the agent's looks at its host, when nothing else keeps the machine busy. */
const SEEN_MS = 180_000;
const LOOK_AGAIN_MS = 1_000;

/** A host that a person set up with the seed's commands is read as it is, and nothing of it is touched. */
export const adoptionPart: LabPart = {
  name: "adoption",
  run: async (context) => {
    const { report, labHost } = context;
    await tearDown(context);
    report.part("A person sets the host up with the seed's commands; the agent reads it");
    await setUpByHand(labHost);
    try {
      const inventory = await readInventory(context, isSetUp);
      verifyRead(context, inventory);
      await verifyUntouched(context);
    } finally {
      await tearDownByHand(labHost);
    }
    const bare = await readInventory(context, (seen) => !isSetUp(seen) && isBare(seen));
    report.verify(isBare(bare), "and sees it go when the person takes it away");
  },
};

const pfOf = (inventory: Inventory) =>
  inventory.nics.flatMap(({ pfs }) => pfs).find(({ vfs }) => vfs.length > 0);
const bridgeOf = ({ ovs }: Inventory) => ovs?.bridges.find(({ name }) => name === BRIDGE);

/** The last two of the person's commands. */
const isSetUp = (inventory: Inventory): boolean =>
  inventory.ovs?.hwOffload === true &&
  bridgeOf(inventory)?.addresses.includes(BRIDGE_CIDR) === true;
const isBare = (inventory: Inventory): boolean =>
  pfOf(inventory) === undefined && bridgeOf(inventory) === undefined;

/** The host's inventory once it is as wanted, or the last one where it never is. */
async function readInventory(
  { stack, host }: LabContext,
  isWanted: (inventory: Inventory) => boolean,
): Promise<Inventory> {
  let last: Inventory | undefined;
  await waitFor(
    async () => {
      last = (await stack.client.hosts.getHost({ name: host })).inventory;
      return last !== undefined && isWanted(last);
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS },
  ).catch(() => undefined);
  if (last === undefined) throw new RangeError(`${host} has no inventory`);
  return last;
}

function verifyRead({ labHost, report }: LabContext, inventory: Inventory): void {
  const { vfs, uplink } = labHost.topology;
  const pf = pfOf(inventory);
  report.verify(
    pf?.eswitchMode === "switchdev" && pf.vfCount === vfs.length,
    `${pf?.pciAddress}: ${pf?.eswitchMode}, ${pf?.vfCount} VFs`,
  );
  const devices = (pf?.vfs ?? []).map(({ vdpa }) => `${vdpa?.name} on ${vdpa?.mgmtdev}`);
  const wanted = vfs.map(({ index, pciAddress }) => `vdpa${index} on pci/${pciAddress}`);
  report.verify(devices.join() === wanted.join(), devices.join(", "));
  const bridge = bridgeOf(inventory);
  const ports = (bridge?.ports ?? []).map(({ name }) => name).sort();
  const netdevs = [uplink.netdev, ...vfs.map(({ representor }) => representor.netdev)].sort();
  report.verify(
    ports.join() === netdevs.join() && bridge?.isOurs === false,
    `${BRIDGE}, not ours, has ${ports.join(", ")} and ${bridge?.addresses.join(", ")}`,
  );
}

/** The demo's profile wants a bridge of that name: the plan says whose it is instead of taking it. */
async function verifyUntouched(context: LabContext): Promise<void> {
  const { report, labHost } = context;
  const before = await labHost.output(["ovs-vsctl", "show"]);
  const { findings } = await planProfile(context);
  const blocking = findings.filter(({ severity }) => severity === FindingSeverity.ERROR);
  report.verify(
    blocking.some(({ reason }) => reason === "BRIDGE_NOT_OURS"),
    `a plan is refused: ${blocking.map(({ message, reason }) => `${message} [${reason}]`).join("; ")}`,
  );
  const after = await labHost.output(["ovs-vsctl", "show"]);
  report.verify(before === after, "and Open vSwitch is as the person left it");
}
