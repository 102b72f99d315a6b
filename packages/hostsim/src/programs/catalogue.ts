import { curl } from "./curl.ts";
import { devlink } from "./devlink.ts";
import { chmod, cp, mv, sha256sum, stat } from "./file-tools.ts";
import { ethtool, lshw, lspci, tc } from "./hardware.ts";
import { ip } from "./ip.ts";
import { ovsAppctl, ovsCtl } from "./ovs-daemons.ts";
import { ovsVsctl } from "./ovs-vsctl.ts";
import { type Ended, failed, type Invoked, type Program, printed } from "./program.ts";
import {
  dmesg,
  hostname,
  kill,
  lsmod,
  modprobe,
  nmcli,
  ping,
  qemu,
  systemctl,
  uname,
} from "./system.ts";
import { vdpa } from "./vdpa.ts";

/** The last part of a path: programs are known by it wherever they lie. */
const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export function findProgram(invoked: Pick<Invoked, "machine">, path: string): Program | undefined {
  const name = baseName(path);
  if (invoked.machine.spec.missingPrograms.includes(name)) return undefined;
  return PROGRAMS[name];
}

/** Runs the program that another one was asked to start. */
function runChild(
  invoked: Invoked,
  child: {
    readonly argv: readonly string[];
    readonly memoryLockBytes: number;
    readonly name: string;
  },
): Ended | Promise<Ended> {
  const [path, ...args] = child.argv;
  const program = path === undefined ? undefined : findProgram(invoked, path);
  if (program === undefined) {
    return failed(`${child.name}: failed to execute ${path ?? ""}: No such file or directory`, 127);
  }
  return program({ ...invoked, args, memoryLockBytes: child.memoryLockBytes });
}

const parseLimit = (text: string): number =>
  text === "unlimited" || text === "infinity" || text === "-1"
    ? Number.POSITIVE_INFINITY
    : Number(text);

/** prlimit(1): sets limits, then becomes the program. */
function prlimit(invoked: Invoked): Ended | Promise<Ended> {
  const { args } = invoked;
  const separator = args.indexOf("--");
  const at = separator === -1 ? args.findIndex((arg) => !arg.startsWith("-")) : separator + 1;
  const memlock = args.map((arg) => /^(?:--memlock=|-l)([^:]*)/.exec(arg)?.[1]).find(Boolean);
  const memoryLockBytes = memlock === undefined ? invoked.memoryLockBytes : parseLimit(memlock);
  return runChild(invoked, { argv: args.slice(at), memoryLockBytes, name: "prlimit" });
}

/** systemd-run(1): runs the program in a scope or service of its own. */
function systemdRun(invoked: Invoked): Ended | Promise<Ended> {
  const { args } = invoked;
  const separator = args.indexOf("--");
  const at = separator === -1 ? args.findIndex((arg) => !arg.startsWith("-")) : separator + 1;
  const limit = args.map((arg) => /LimitMEMLOCK=(.*)$/.exec(arg)?.[1]).find(Boolean);
  const memoryLockBytes = limit === undefined ? invoked.memoryLockBytes : parseLimit(limit);
  return runChild(invoked, { argv: args.slice(at), memoryLockBytes, name: "systemd-run" });
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  chmod,
  cp,
  curl,
  devlink,
  dmesg,
  ethtool,
  hostname,
  ip,
  kill,
  lshw,
  lsmod,
  lspci,
  modprobe,
  mv,
  nmcli,
  "ovs-appctl": ovsAppctl,
  "ovs-ctl": ovsCtl,
  "ovs-vsctl": ovsVsctl,
  ping,
  prlimit,
  "qemu-kvm": qemu,
  "qemu-system-x86_64": qemu,
  sha256sum,
  stat,
  sync: () => printed(""),
  systemctl,
  "systemd-run": systemdRun,
  tc,
  true: () => printed(""),
  uname,
  vdpa,
};
