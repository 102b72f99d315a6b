import {
  type AllocatedNic,
  assertNever,
  compareVersions,
  type Inventory,
  runtimeOf,
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

/**
 * QEMU turns to shadow virtqueues by itself when a migration starts, also with a control virtqueue, which several
 * queues need; before that it says "net vdpa cannot migrate with CVQ feature". @see qemu/qemu net/vhost-vdpa.c, 8.2
 */
const QEMU_OF_LIVE_VDPA = "8.2";
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
  /** Of hosts that it could go to; undefined: whatever they are. */
  readonly others?: readonly Inventory[];
}

type Obstacle = Omit<MigrationObstacle, "method"> | undefined;

/** What Switchyard itself has no way for. */
const NOT_BUILT: Obstacle = {
  found: "a way that Switchyard does not have",
  needs: "NICs of kind vdpa, which it moves live",
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

/** The kernel's driver for vDPA on a VF, where it can stop its queues and tell where they are. */
const DRIVER_THAT_SUSPENDS = "mlx5_core";

function vdpaDriverOf({ nics, host }: Facts): string | undefined {
  const pfs = host?.nics.flatMap((card) => card.pfs) ?? [];
  const drivers = nics.map(
    ({ pf, vfIndex }) =>
      pfs.find(({ pciAddress }) => pciAddress === pf)?.vfs.find(({ index }) => index === vfIndex)
        ?.vdpaDriver,
  );
  return drivers.find((driver) => driver !== undefined && driver !== DRIVER_THAT_SUSPENDS);
}

/** The device must be able to stop its queues and tell where they are. */
function vdpaOf(facts: Facts): Obstacle {
  const { spec, nics, others } = facts;
  if (nics.some(({ kind }) => kind !== "vdpa")) {
    return { found: "NICs of kind sriov", needs: "NICs of kind vdpa" };
  }
  const runtime = runtimeOf(spec);
  if (runtime !== "qemu") return { found: `runtime ${runtime}`, needs: "runtime qemu" };
  const own = coldOf(facts);
  if (own !== undefined) return own;
  const driver = vdpaDriverOf(facts);
  if (driver !== undefined) {
    return {
      found: `vDPA by ${driver}, which can't suspend its queues`,
      needs: "vDPA by mlx5_vdpa",
    };
  }
  const software = softwareOf(facts, { qemu: QEMU_OF_LIVE_VDPA, kernel: KERNEL_OF_LIVE_VDPA });
  if (software !== undefined || others === undefined) return software;
  const between = others.map((other) => obstacleBetween(facts, other));
  if (between.some((each) => each === undefined)) return undefined;
  return between[0] ?? { found: "no other host", needs: "a host like its own" };
}

/** Both ends make the same machine of the VM: the guest must not see that its CPU or its devices are others. */
function obstacleBetween(facts: Facts, other: Inventory): Obstacle {
  const { host } = facts;
  if (host === undefined) return undefined;
  const software = softwareOf(
    { ...facts, host: other },
    { qemu: QEMU_OF_LIVE_VDPA, kernel: KERNEL_OF_LIVE_VDPA },
  );
  if (software !== undefined) return { ...software, found: `${software.found} on the other host` };
  const pairs = [
    ["QEMU", other.qemuVersion, host.qemuVersion],
    ["a CPU", other.cpu.modelName, host.cpu.modelName],
    ["guests by", other.accelerator, host.accelerator],
  ] as const;
  const odd = pairs.find(([, there, here]) => there !== here);
  if (odd === undefined) return undefined;
  const [what, there, here] = odd;
  return { found: `${what} ${there} on the other host`, needs: `${what} ${here}, as on its own` };
}

/**
 * What stands against a VM's going live from its host to this other one; undefined where nothing does.
 *
 * @returns also what is found on its own host, whatever the other is
 */
export const liveObstacle = (
  facts: Omit<Facts, "others">,
  other: Inventory,
): { readonly found: string; readonly needs: string } | undefined =>
  vdpaOf({ ...facts, others: [other] });

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
  if (driver === "mlx5_vfio_pci") return NOT_BUILT;
  return {
    found: `driver ${driver ?? "none"} on the VF`,
    needs:
      "mlx5_vfio_pci and a port function that firmware makes migratable, rare on ConnectX-6 Dx",
  };
}

/** A guest without its NICs for the copy, if it lets go of them. */
function replugOf(facts: Facts): Obstacle {
  if (facts.spec.hasGuestAgent) return NOT_BUILT;
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

/** The best way a VM can be moved, and what stands against each better one, by the facts of its host and of those it could go to. */
export function migrationCapability(facts: Facts): MigrationCapability {
  const obstacles: MigrationObstacle[] = [];
  for (const method of MIGRATION_METHODS) {
    const obstacle = obstacleTo(method, facts);
    if (obstacle === undefined) return { method, obstacles };
    obstacles.push({ method, ...obstacle });
  }
  return { method: "none", obstacles };
}
