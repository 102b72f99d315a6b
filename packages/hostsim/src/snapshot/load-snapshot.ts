import { AREA_READERS } from "@switchyard/host";
import {
  diffSnapshots,
  incomparableAreas,
  type SnapshotArea,
  type SnapshotChange,
  type SnapshotDocument,
  type SnapshotFacts,
} from "@switchyard/model";
import { createMachine, type MachineOptions } from "../machine/create.ts";
import type { Machine } from "../machine/machine.ts";
import type { DistributionName } from "../machine/packages/distribution.ts";
import type { MachineOverrides } from "../machine/spec.ts";
import { SimHost, type SimHostOptions } from "../sim-host.ts";
import { cardOf, loadCard, loadVdpa } from "./load-card.ts";
import { loadLinks } from "./load-links.ts";
import { loadSwitch } from "./load-switch.ts";

/** A simulated host that is as a snapshot says, as far as the model goes. */
export interface LoadedSnapshot {
  readonly host: SimHost;
  /** What the model can't express: what the snapshot says (`before`), and what the host shows (`after`). */
  readonly differences: readonly SnapshotChange[];
  /** Areas that the snapshot lacks: the host has them as any R740 does. */
  readonly assumed: readonly SnapshotArea[];
}

export type LoadSnapshotOptions = Pick<MachineOptions, "clock" | "random" | "wire" | "web"> &
  Omit<SimHostOptions, "machine">;

/** Debian's kernels say so in their release; a snapshot does not hold the distribution. */
const distributionOf = (release: string | undefined): DistributionName =>
  release !== undefined && /-(amd64|cloud-amd64)$/.test(release) ? "debian12" : "rocky9";

const OVS_PROGRAMS = ["ovs-vsctl", "ovs-appctl", "ovs-ctl"];

function overridesOf({ snapshot: { facts } }: SnapshotDocument): MachineOverrides {
  const kernel = facts.system?.["kernel"];
  const functions = Object.values(facts.functions ?? {});
  const switchId = Object.values(facts.links ?? {}).find((link) => link.switchId)?.switchId;
  const ovs = facts.ovs?.["ovs"];
  const hasIommu = functions.some(({ iommuGroup }) => iommuGroup !== undefined);
  return {
    distribution: distributionOf(kernel?.release),
    ...(kernel !== undefined && { kernelRelease: kernel.release }),
    ...(facts.functions !== undefined && { hasIommu }),
    ...(switchId !== undefined && { hardwareId: switchId }),
    ...(ovs !== undefined && { ovsVersion: ovs.version }),
    ...(facts.ovs !== undefined && ovs === undefined && { missingPrograms: OVS_PROGRAMS }),
  };
}

function loadKernel(machine: Machine, { facts, kernelLog }: SnapshotDocument["snapshot"]): void {
  const { boot } = machine;
  const kernel = facts.system?.["kernel"];
  if (kernel !== undefined) {
    machine.boot = {
      ...boot,
      kernel: { release: kernel.release, commandLine: kernel.arguments.join(" ") },
    };
  }
  if (facts.modules !== undefined) {
    boot.modules.clear();
    for (const name of Object.keys(facts.modules)) boot.modules.add(name);
  }
  boot.kernelLog.splice(0, boot.kernelLog.length, ...kernelLog);
}

/**
 * Builds a simulated host from a snapshot, so that what was seen on another host can be tried again. It is
 * looked at with the readers that made the snapshot: whatever they see differently is told, and so nothing is
 * dropped unsaid. Files, packages, BIOS and VMs are not in a snapshot; they are as on any R740.
 *
 * @throws RangeError, InvalidInputError where its name or versions are none
 */
export async function loadSnapshot(
  document: SnapshotDocument,
  options: LoadSnapshotOptions = {},
): Promise<LoadedSnapshot> {
  const { clock, random, wire, web, ...hostOptions } = options;
  const { facts } = document.snapshot;
  const machine = createMachine({
    name: document.host,
    overrides: overridesOf(document),
    card: cardOf(facts),
    ...(clock !== undefined && { clock }),
    ...(random !== undefined && { random }),
    ...(wire !== undefined && { wire }),
    ...(web !== undefined && { web }),
  });
  loadKernel(machine, document.snapshot);
  loadCard(machine, facts);
  loadLinks(machine, facts);
  loadVdpa(machine, facts);
  loadSwitch(machine, facts);
  // Last: starting daemons loads modules.
  loadKernel(machine, document.snapshot);
  const host = new SimHost({ ...hostOptions, machine });
  const shown = await readFacts(host);
  return {
    host,
    differences: diffSnapshots(facts, shown),
    assumed: incomparableAreas(facts, shown),
  };
}

async function readFacts(host: SimHost): Promise<SnapshotFacts> {
  let facts: SnapshotFacts = {};
  for (const { read } of AREA_READERS) facts = { ...facts, ...(await read(host)) };
  return facts;
}
