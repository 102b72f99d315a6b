import type { Machine } from "../machine/machine.ts";
import {
  connectNbd,
  disconnectNbd,
  mountPartition,
  partitionsOf,
  unmountFolder,
} from "../machine/nbd.ts";
import { Refusal, strerror } from "../machine/refusal.ts";
import { type Ended, failed, type Invoked, printed, printedJson } from "./program.ts";

/*
 * qemu-nbd(8), lsblk(8), mount(8) and umount(8), as far as disks of VMs go. Texts: QEMU 7.2, util-linux 2.37.
 */

const nameOf = (device: string): string => device.slice("/dev/".length);

/** Runs what the kernel may refuse; its words come from `say`. */
function attempt(work: () => void, say: (errno: string) => string, exitCode = 1): Ended {
  try {
    work();
    return printed("");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failed(say(error.errno), exitCode);
  }
}

export function qemuNbd({ act, machine, args }: Invoked): Ended {
  const at = args.indexOf("--disconnect");
  if (at !== -1) {
    const device = args[at + 1] ?? "";
    disconnectNbd(act, nameOf(device));
    return printed(`${device} disconnected\n`);
  }
  const device = /^--connect=(.*)$/.exec(args[0] ?? "")?.[1] ?? "";
  const disk = args.at(-1) ?? "";
  if (!machine.files.isFile(disk)) {
    return failed(
      `qemu-nbd: Failed to blk_new_open '${disk}': Could not open '${disk}': ${strerror("ENOENT")}`,
    );
  }
  return attempt(
    () => connectNbd(act, nameOf(device), disk),
    (errno) => {
      if (errno === "EBUSY") return `qemu-nbd: Failed to set NBD socket: ${strerror(errno)}`;
      if (errno === "ENODEV") return `qemu-nbd: Failed to open ${device}: ${strerror("ENOENT")}`;
      return `qemu-nbd: Failed to blk_new_open '${disk}': Image is not in qcow2 format`;
    },
  );
}

/** `--json --list --output PATH,FSTYPE DEVICE`. */
export function lsblk({ machine, args }: Invoked): Ended {
  const device = args.at(-1) ?? "";
  const connection = machine.boot.nbd.get(nameOf(device));
  if (connection === undefined) return failed(`lsblk: ${device}: not a block device`, 32);
  const rows = partitionsOf(machine.files, connection.disk).map(({ type }, at) => ({
    path: `${device}p${at + 1}`,
    fstype: type,
  }));
  return printedJson({ blockdevices: [{ path: device, fstype: null }, ...rows] });
}

export function mount({ act, args }: Invoked): Ended {
  const [device = "", folder = ""] = args.slice(args.indexOf("--") + 1);
  const type = args[args.indexOf("-t") + 1] ?? "";
  return attempt(
    () => mountPartition(act, { device, type, folder }),
    (errno) => {
      if (errno === "ENOENT") return `mount: ${folder}: special device ${device} does not exist.`;
      if (errno === "EBUSY") return `mount: ${folder}: ${device} already mounted on ${folder}.`;
      return `mount: ${folder}: wrong fs type, bad option, bad superblock on ${device}, missing codepage or helper program, or other error.`;
    },
    32,
  );
}

export function umount({ act, args }: Invoked): Ended {
  const folder = args.at(-1) ?? "";
  return attempt(
    () => unmountFolder(act, folder),
    () => `umount: ${folder}: not mounted.`,
    32,
  );
}

/** Links followed in one path at most. Source: torvalds/linux, MAXSYMLINKS */
const LINKS_MAX = 40;

function resolve({ files }: Machine, path: string): string {
  let pending = path.split("/").filter((part) => part !== "" && part !== ".");
  let reached: string[] = [];
  for (let links = 0; pending.length > 0 && links <= LINKS_MAX; ) {
    const [part = "", ...rest] = pending;
    const target = part === ".." ? undefined : files.findLink(`/${[...reached, part].join("/")}`);
    pending = rest;
    if (part === "..") reached.pop();
    else if (target === undefined) reached.push(part);
    else {
      links += 1;
      if (target.startsWith("/")) reached = [];
      pending = [...target.split("/").filter((each) => each !== "" && each !== "."), ...rest];
    }
  }
  return `/${reached.join("/")}`;
}

/** realpath(1) with `-m`: the end need not exist. */
export const realpath = ({ machine, args }: Invoked): Ended =>
  printed(
    args
      .slice(args.indexOf("--") + 1)
      .map((path) => `${resolve(machine, path)}\n`)
      .join(""),
  );

/** tee(1) to one file. */
export function tee({ machine, args, stdin }: Invoked): Ended {
  const path = args.at(-1) ?? "";
  machine.files.write(path, stdin);
  return printed(stdin);
}
