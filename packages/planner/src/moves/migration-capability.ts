import {
  type AllocatedNic,
  assertNever,
  compareVersions,
  type Inventory,
  type VmSpec,
} from "@switchyard/model";

/** Ways to bring a VM to another host, best first. */
export const MIGRATION_METHODS = [
  "live-vdpa",
  "live-vfio",
  "unplug-replug",
  "cold",
  "none",
] as const;
export type MigrationMethod = (typeof MIGRATION_METHODS)[number];

/** What stands against a way. */
export interface MigrationObstacle {
  readonly method: MigrationMethod;
  readonly found: string;
  readonly needs: string;
}

export interface MigrationCapability {
  /** The best way that nothing stands against. */
  readonly method: MigrationMethod;
  /** What stands against the better ones, best first. */
  readonly obstacles: readonly MigrationObstacle[];
}

/** QEMU turns to shadow virtqueues by itself when a migration starts. @see qemu/qemu net/vhost-vdpa.c, 8.1 */
const QEMU_OF_LIVE_VDPA = "8.1";
/** mlx5_vdpa can be suspended. @see torvalds/linux drivers/vdpa/mlx5/net/mlx5_vnet.c, mlx5_vdpa_suspend, 6.1 */
const KERNEL_OF_LIVE_VDPA = "6.1";
/** Migration protocol v2 is no longer experimental. @see qemu/qemu hw/vfio/migration.c, 8.1 */
const QEMU_OF_LIVE_VFIO = "8.1";
/** @see torvalds/linux drivers/vfio/pci/mlx5, 5.18 */
const KERNEL_OF_LIVE_VFIO = "5.18";

const versionOf = (text: string): string => /\d+(\.\d+)+/.exec(text)?.[0] ?? "0";
const isOlder = (found: string, needs: string): boolean =>
  compareVersions(versionOf(found), needs) < 0;

interface Facts {
  readonly spec: VmSpec;
  readonly nics: readonly AllocatedNic[];
  /** Of the VM's host; undefined before its first. */
  readonly host: Inventory | undefined;
}

type Obstacle = Omit<MigrationObstacle, "method"> | undefined;

/** Hosts' QEMUs would have to reach each other. */
const NO_CHANNEL: Obstacle = {
  found: "agents open no port, and QEMUs on two hosts have no way to each other",
  needs: "a channel for a guest's memory between hosts, which Switchyard does not make",
};

function softwareOf({ host }: Facts, needs: { readonly qemu: string; readonly kernel: string }) {
  const qemu = host?.qemuVersion;
  if (host === undefined || qemu === undefined) {
    return { found: "no QEMU that the host tells of", needs: `QEMU ${needs.qemu}` };
  }
  if (isOlder(qemu, needs.qemu)) return { found: `QEMU ${qemu}`, needs: `QEMU ${needs.qemu}` };
  const kernel = host.os.kernelRelease;
  if (!isOlder(kernel, needs.kernel)) return undefined;
  return {
    found: `kernel ${kernel}`,
    needs: `kernel ${needs.kernel}, or a vendor's driver like it`,
  };
}

const kindOf = ({ nics }: Facts) => nics[0]?.kind ?? "vdpa";

/** The device must be able to stop its queues and tell where they are. */
function vdpaOf(facts: Facts): Obstacle {
  if (kindOf(facts) !== "vdpa") return { found: "NICs of kind sriov", needs: "NICs of kind vdpa" };
  const software = softwareOf(facts, { qemu: QEMU_OF_LIVE_VDPA, kernel: KERNEL_OF_LIVE_VDPA });
  return software ?? NO_CHANNEL;
}

function driverOf({ nics, host }: Facts): string | undefined {
  const [nic] = nics;
  const pfs = host?.nics.flatMap((card) => card.pfs) ?? [];
  const pf = pfs.find(({ pciAddress }) => pciAddress === nic?.pf);
  return pf?.vfs.find(({ index }) => index === nic?.vfIndex)?.driver;
}

function vfioOf(facts: Facts): Obstacle {
  if (kindOf(facts) !== "sriov") return { found: "NICs of kind vdpa", needs: "NICs of kind sriov" };
  const software = softwareOf(facts, { qemu: QEMU_OF_LIVE_VFIO, kernel: KERNEL_OF_LIVE_VFIO });
  if (software !== undefined) return software;
  const driver = driverOf(facts);
  if (driver === "mlx5_vfio_pci") return NO_CHANNEL;
  return {
    found: `driver ${driver ?? "none"} on the VF`,
    needs:
      "mlx5_vfio_pci and a port function that firmware makes migratable, rare on ConnectX-6 Dx",
  };
}

/** A guest without its NICs for the copy, if it lets go of them. */
function replugOf(facts: Facts): Obstacle {
  if (facts.spec.hasGuestAgent) return NO_CHANNEL;
  return { found: "has_guest_agent false", needs: "a guest that can be asked whether it let go" };
}

function coldOf({ spec, nics, host }: Facts): Obstacle {
  if (spec.boot.kind === "disk") {
    return {
      found: `it boots ${spec.boot.path}, a file of its host`,
      needs: "a disk made from an image, or a kernel that every host has",
    };
  }
  const fixed = nics.find(({ mac, slotMac }) => mac === slotMac);
  if (fixed === undefined || host === undefined) return undefined;
  return {
    found: `NIC ${fixed.index} has the MAC of its slot, ${fixed.mac}, which hardware fixes`,
    needs: "NICs whose MACs can be set elsewhere",
  };
}

function obstacleTo(method: MigrationMethod, facts: Facts): Obstacle {
  switch (method) {
    case "live-vdpa":
      return vdpaOf(facts);
    case "live-vfio":
      return vfioOf(facts);
    case "unplug-replug":
      return replugOf(facts);
    case "cold":
      return coldOf(facts);
    case "none":
      return undefined;
    default:
      return assertNever(method);
  }
}

/** The best way a VM can be moved, and what stands against each better one, by the facts of its host. */
export function migrationCapability(facts: Facts): MigrationCapability {
  const obstacles: MigrationObstacle[] = [];
  for (const method of MIGRATION_METHODS) {
    const obstacle = obstacleTo(method, facts);
    if (obstacle === undefined) return { method, obstacles };
    obstacles.push({ method, ...obstacle });
  }
  return { method: "none", obstacles };
}
