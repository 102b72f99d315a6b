import {
  LEFTOVERS_MAX,
  type Leftovers,
  VM_DISK_FOLDER,
  VM_RUN_FOLDER,
  vmDiskPaths,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { parseVmName } from "../qemu/parse.ts";
import { listOptional, readOptional } from "../tool.ts";

/** Where the kernel lists block devices; `pid` is there while something is connected. @see drivers/block/nbd.c */
const BLOCK = "/sys/block";

/** QEMU processes that bear a VM's name, as ours and libvirt's do. */
async function listVmProcesses(host: Host): Promise<Leftovers["processes"]> {
  const found: { readonly vm: string; readonly pid: number }[] = [];
  for (const entry of await listOptional(host, "/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const comm = (await readOptional(host, `/proc/${entry}/comm`))?.trim() ?? "";
    if (!/^(sy-|qemu)/.test(comm)) continue;
    const name = parseVmName((await readOptional(host, `/proc/${entry}/cmdline`)) ?? "");
    if (name !== undefined) found.push({ vm: name.replace(/^sy-/, ""), pid: Number(entry) });
  }
  return found;
}

/** Disks of VMs that are shown as block devices. */
async function listShownDisks(host: Host): Promise<Leftovers["shownDisks"]> {
  const found: { readonly device: string; readonly vm: string }[] = [];
  const vms = await listOptional(host, VM_DISK_FOLDER);
  for (const name of await listOptional(host, BLOCK)) {
    if (!/^nbd\d+$/.test(name)) continue;
    const pid = (await readOptional(host, `${BLOCK}/${name}/pid`))?.trim();
    if (pid === undefined) continue;
    const words = (await readOptional(host, `/proc/${pid}/cmdline`))?.split("\0") ?? [];
    const vm = vms.find((each) => words.includes(vmDiskPaths(each).disk));
    if (vm !== undefined) found.push({ device: `/dev/${name}`, vm });
  }
  return found;
}

/**
 * Everything on a host that belongs to a VM, by the VM's name, whoever knows of that VM. Changes nothing.
 *
 * @throws HostFileError
 */
export async function listLeftovers(host: Host): Promise<Leftovers> {
  const bound = <Item>(items: readonly Item[]) => items.slice(0, LEFTOVERS_MAX);
  return {
    runFolders: bound(await listOptional(host, VM_RUN_FOLDER)),
    diskFolders: bound(await listOptional(host, VM_DISK_FOLDER)),
    processes: bound(await listVmProcesses(host)),
    shownDisks: bound(await listShownDisks(host)),
  };
}
