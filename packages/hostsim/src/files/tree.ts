import { hasVirtualization, offersIommu } from "../machine/bios.ts";
import { iommuGroup } from "../machine/iommu.ts";
import { allVfs, type Machine } from "../machine/machine.ts";
import { NBD_COUNT } from "../machine/nbd.ts";

import { Refusal } from "../machine/refusal.ts";
import { attribute, fixedFile, folder, type Node } from "./node.ts";
import { proc } from "./proc.ts";
import { classInfiniband } from "./sys-infiniband.ts";
import { classIommu, devicesSystem, sysFs, sysKernel } from "./sys-kernel.ts";
import { classNet, virtualNet } from "./sys-net.ts";
import { busPci, pciDevices } from "./sys-pci.ts";
import { classHwmon, classPowercap } from "./sys-sensors.ts";
import { busAuxiliary, busVdpa } from "./sys-vdpa.ts";

const dmi = (machine: Machine): Node =>
  folder(() => ({
    bios_version: attribute(() => "2.21.2"),
    board_name: attribute(() => "0923K0"),
    chassis_serial: attribute(() => machine.spec.serial),
    product_name: attribute(() => "PowerEdge R740"),
    product_serial: attribute(() => machine.spec.serial),
    product_uuid: attribute(
      () => `4c4c4544-0000-0000-0000-${machine.spec.hardwareId.padEnd(12, "0").slice(0, 12)}`,
    ),
    sys_vendor: attribute(() => "Dell Inc."),
  }));

/** The vendor's modules carry a version; the kernel's own do not. */
const moduleEntries = (machine: Machine, name: string): Record<string, () => Node> => {
  const { driverVersion } = machine.boot;
  const isVendor = driverVersion !== undefined && name.startsWith("mlx");
  return {
    refcnt: attribute(() => 0),
    ...(isVendor ? { version: attribute(() => driverVersion) } : {}),
  };
};

const moduleFolders = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      [...machine.boot.modules].map((name) => [
        name,
        () => folder(() => moduleEntries(machine, name)),
      ]),
    ),
  );

/** VT-d is advertised by the table DMAR. */
const acpiTables = (machine: Machine): Node =>
  folder(() => ({
    APIC: fixedFile(() => ""),
    ...(offersIommu(machine) ? { DMAR: fixedFile(() => "") } : {}),
  }));

/** `/sys/block`: `pid` is there while something is connected. */
const sysBlock = (machine: Machine): Node =>
  folder(() => {
    const count = machine.boot.modules.has("nbd") ? NBD_COUNT : 0;
    const names = Array.from({ length: count }, (_, at) => `nbd${at}`);
    return Object.fromEntries(
      names.map((name) => {
        const pid = machine.boot.nbd.get(name)?.pid;
        return [name, () => folder(() => (pid === undefined ? {} : { pid: attribute(() => pid) }))];
      }),
    );
  });

const sys = (machine: Machine): Node =>
  folder(() => ({
    block: () => sysBlock(machine),
    bus: () =>
      folder(() => ({
        auxiliary: () => busAuxiliary(machine),
        pci: () => busPci(machine),
        ...(machine.boot.modules.has("vdpa") ? { vdpa: () => busVdpa(machine) } : {}),
      })),
    class: () =>
      folder(() => ({
        dmi: () => folder(() => ({ id: () => dmi(machine) })),
        hwmon: () => classHwmon(machine),
        iommu: () => classIommu(machine),
        infiniband: () => classInfiniband(machine),
        net: () => classNet(machine),
        powercap: () => classPowercap(machine),
      })),
    devices: () =>
      folder(() => ({
        ...pciDevices(machine),
        system: () => devicesSystem(machine),
        virtual: () => folder(() => ({ net: () => virtualNet(machine) })),
      })),
    firmware: () =>
      folder(() => ({ acpi: () => folder(() => ({ tables: () => acpiTables(machine) })) })),
    fs: () => sysFs(machine),
    kernel: () => sysKernel(machine),
    module: () => moduleFolders(machine),
  }));

/** `/dev/vfio`: the container, and one file for each group whose device is bound to vfio. */
const vfio = (machine: Machine): Node =>
  folder(() => {
    const bound = allVfs(machine).filter(({ driver }) => driver?.includes("vfio") === true);
    const groups = bound.map(({ pciAddress }) => String(iommuGroup(machine, pciAddress)));
    return Object.fromEntries(["vfio", ...groups].map((name) => [name, fixedFile(() => "")]));
  });

const dev = (machine: Machine): Node =>
  folder(() => {
    const minors = [...machine.boot.vdpaDevices.values()].flatMap(({ minor }) => minor ?? []);
    const character = fixedFile(() => "");
    return {
      null: character,
      ...(hasVirtualization(machine) && machine.boot.modules.has("kvm_intel")
        ? { kvm: character }
        : {}),
      ...(machine.boot.modules.has("vfio") ? { vfio: () => vfio(machine) } : {}),
      ...Object.fromEntries(minors.map((minor) => [`vhost-vdpa-${minor}`, character])),
    };
  });

/** Folders that are computed from the machine; all other paths are ordinary files. */
const COMPUTED = { sys, proc, dev } as const;

const isComputed = (name: string | undefined): name is keyof typeof COMPUTED =>
  name !== undefined && Object.hasOwn(COMPUTED, name);

export const isComputedPath = (path: string): boolean => isComputed(path.split("/")[1]);

/** Links followed in one path at most. Source: torvalds/linux, MAXSYMLINKS */
const LINKS_MAX = 40;

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "");

/** Resolves `.` and `..` of a link's target against the folder the link is in. */
function joinTarget(folderParts: readonly string[], target: string): string[] {
  const parts = target.startsWith("/") ? [] : [...folderParts];
  for (const part of partsOf(target)) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts;
}

function findEntry(
  node: Extract<Node, { readonly kind: "folder" }>,
  name: string,
): (() => Node) | undefined {
  if (node.find !== undefined) return node.find(name);
  const entries = node.entries();
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

/**
 * Finds the entry a computed path names, following links on the way.
 *
 * @param followLast whether a link at the very end is followed, too
 * @throws Refusal ENOENT, ENOTDIR
 */
export function findNode(machine: Machine, path: string, followLast: boolean): Node {
  let pending = joinTarget([], path);
  let reached: string[] = [];
  let node: Node = folder(() => ({
    sys: () => sys(machine),
    proc: () => proc(machine),
    dev: () => dev(machine),
  }));
  const root = node;
  for (let links = 0; pending.length > 0; ) {
    const [part, ...rest] = pending as [string, ...string[]];
    if (node.kind !== "folder") throw new Refusal("ENOTDIR");
    const make = findEntry(node, part);
    if (make === undefined) throw new Refusal("ENOENT");
    const next: Node = make();
    if (next.kind === "link" && (rest.length > 0 || followLast)) {
      links += 1;
      if (links > LINKS_MAX) throw new Refusal("EINVAL");
      pending = [...joinTarget(reached, next.target), ...rest];
      reached = [];
      node = root;
    } else {
      reached = [...reached, part];
      pending = rest;
      node = next;
    }
  }
  return node;
}
