import type {
  Finding,
  HostDesired,
  HostPlan,
  Inventory,
  PciAddress,
  StepArguments,
  StepKind,
} from "@switchyard/model";
import { findPf } from "@switchyard/model";
import { errorFinding } from "../../findings/finding.ts";
import type { Draft } from "../../steps/draft.ts";
import { isLive } from "../affected-vms.ts";
import { asVdpa, type Datapath } from "../datapath/datapath.ts";
import { selectPorts, viewPfs } from "../datapath/pf-view.ts";
import { eswitchModeOf } from "../datapath/port-work.ts";
import { planHost } from "../plan-host.ts";

/** A port that carries a datapath, by what does not change unless hardware does. */
export interface PortIdentity {
  readonly pciAddress: PciAddress;
  /** Of its NIC; empty where the NIC does not say. */
  readonly serial: string;
}

/** What is kept on a host to make its datapath again after a boot. */
export interface AppliedDatapath {
  readonly desired: HostDesired;
  /** The ports as they were when it was applied, the uplink first. */
  readonly ports: readonly PortIdentity[];
}

/** The ports that a datapath uses on this host; none where it has no datapath or lacks a port. */
export function portsOf(
  desired: HostDesired,
  observed: Pick<Inventory, "nics">,
): readonly PortIdentity[] {
  if (desired.datapath === undefined) return [];
  const ports = selectPorts(viewPfs(observed), desired.datapath) ?? [];
  return ports.map(({ nic, pf }) => ({ pciAddress: pf.pciAddress, serial: nic.serial }));
}

/**
 * What of the host's wish a boot takes away and brings back without another: its datapath. Firmware, BIOS,
 * packages and drivers outlive a boot, and changing them is nobody's business but a person's.
 */
export const restorableWish = (desired: HostDesired): HostDesired => ({
  host: desired.host,
  generation: desired.generation,
  profile: desired.profile,
  profileGeneration: desired.profileGeneration,
  datapath: desired.datapath,
});

/**
 * Plans what makes the kept datapath again on the host as it is after a boot. The plan only adds: where
 * something would have to be taken away first, somebody has been at the host since the boot, and the plan
 * carries a finding that blocks it. It never boots the machine.
 */
export function planRestore(applied: AppliedDatapath, observed: Inventory): HostPlan {
  const desired = restorableWish(applied.desired);
  const plan = planHost(desired, observed);
  const { datapath } = desired;
  if (datapath === undefined) return { ...plan, steps: [], findings: [] };
  const changed = hardwareFinding(applied, observed);
  if (changed !== undefined) return blocked(plan, changed);
  const unsafe = plan.steps.filter((step) => !isAddition(step, datapath, observed));
  if (unsafe.length === 0) return plan;
  return blocked(
    plan,
    errorFinding("RESTORE_UNSAFE", {
      message: `the datapath of ${desired.host} can't be made again by additions alone`,
      found: unsafe.map(({ title }) => title).join("; "),
      needs: "a host on which nothing stands in the datapath's place",
    }),
  );
}

const blocked = (plan: HostPlan, finding: Finding): HostPlan => ({
  ...plan,
  findings: [finding, ...plan.findings],
});

function hardwareFinding(
  { desired, ports }: AppliedDatapath,
  observed: Inventory,
): Finding | undefined {
  const missing = ports.filter((port) => !isPresent(port, observed));
  // A profile that counts ports means another one once a NIC came or went.
  const meant = portsOf(desired, observed).map(({ pciAddress }) => pciAddress);
  const isMoved = ports.some(({ pciAddress }, at) => meant[at] !== pciAddress);
  if (missing.length === 0 && !isMoved) return undefined;
  const found = viewPfs(observed).map(({ nic, pf }) => describe({ ...pf, serial: nic.serial }));
  return errorFinding("HARDWARE_CHANGED", {
    message: `${desired.host} has other NICs than when its datapath was applied`,
    found: found.length === 0 ? "no SmartNIC port" : found.join(", "),
    needs: ports.map(describe).join(", "),
  });
}

const describe = ({ pciAddress, serial }: PortIdentity): string =>
  serial === "" ? pciAddress : `${pciAddress} of NIC ${serial}`;

/** A serial that either side does not know is not compared. */
function isPresent({ pciAddress, serial }: PortIdentity, observed: Inventory): boolean {
  const found = findPf(observed, pciAddress);
  if (found === undefined) return false;
  return serial === "" || found.nic.serial === "" || found.nic.serial === serial;
}

type Judge<Kind extends StepKind> = (
  args: StepArguments[Kind],
  host: { readonly datapath: Datapath; readonly observed: Inventory },
) => boolean;

const always = () => true;

/** Steps that take nothing away that works; a kind without an entry is never part of a restore. */
const ADDITIONS: { readonly [Kind in StepKind]?: Judge<Kind> } = {
  ensureModules: always,
  ensureOvsRunning: always,
  ensureBond: always,
  ensureBridge: always,
  ensureBridgePort: always,
  ensureBridgeAddress: always,
  ensureLinkState: ({ isUp }) => isUp,
  ensurePfClaim: ({ isClaimed }) => isClaimed,
  // Open vSwitch remembers ports over a boot; those of our bridge have lost their device or get it anew.
  ensureNoBridgePort: ({ bridge }, { datapath }) => bridge === asVdpa(datapath)?.bridge.name,
  ensureEswitchMode: ({ pf, mode }, { datapath, observed }) =>
    mode === eswitchModeOf(datapath) && findPf(observed, pf)?.pf.vfCount === 0,
  ensureVfCount: ({ pf }, { observed }) => findPf(observed, pf)?.pf.vfCount === 0,
  ensureVfDriver: always,
  ensureVfAdminMac: always,
  ensureVdpaDevice: ({ vf }, { observed }) =>
    findPf(observed, vf.pf)?.pf.vfs.find(({ index }) => index === vf.index)?.vdpa === undefined,
  // Restarts Open vSwitch, which VMs would notice.
  ensureHwOffload: (_, { observed }) => !observed.vms.some(isLive),
};

function isAddition(step: Draft, datapath: Datapath, observed: Inventory): boolean {
  const judge = ADDITIONS[step.kind] as Judge<StepKind> | undefined;
  return judge?.(step.arguments as never, { datapath, observed }) ?? false;
}
