import {
  findDriverOnDisk,
  type HostDesired,
  type Inventory,
  moduleVersionOf,
  QEMU_LINK,
} from "@switchyard/model";
import type { FieldDifference } from "./diff-host.ts";

const words = (version: string | undefined): string => version ?? "inbox";

/** The driver on disk for the kernel that runs, and the one that runs. */
export function driverFields(
  { driver }: HostDesired,
  { nics, os }: Inventory,
): readonly FieldDifference[] {
  const info = nics.find(({ driverInfo }) => driverInfo !== undefined)?.driverInfo;
  if (driver === undefined || info === undefined) return [];
  const onDisk = findDriverOnDisk(info, os.kernelRelease);
  const field = (name: string, has: { readonly version: string | undefined } | undefined) => ({
    field: `driver[${info.module}].${name}`,
    observed: has === undefined ? "absent" : words(has.version),
    desired: words(moduleVersionOf(driver)),
  });
  return [field("on_disk", onDisk), field("loaded", info.loaded)];
}

/** QEMU's version where one is pinned, and whom libvirt runs it as. */
export function virtualizationFields(
  { virtualization }: HostDesired,
  { virtualization: facts }: Inventory,
): readonly FieldDifference[] {
  if (virtualization === undefined || facts === undefined) return [];
  const { qemu, libvirtUser } = virtualization;
  const version = facts.qemus.find(({ path }) => path === QEMU_LINK)?.version ?? "absent";
  const pinned = qemu.kind === "source" ? qemu.version : version === "absent" ? "present" : version;
  const user = (name: "user" | "group") => ({
    field: `libvirt.${name}`,
    observed: facts.libvirtUser?.[name] ?? "default",
    desired: libvirtUser?.[name] ?? "default",
  });
  return [
    { field: "qemu.version", observed: version, desired: pinned },
    ...(libvirtUser === undefined ? [] : [user("user"), user("group")]),
  ];
}
