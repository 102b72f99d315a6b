import { isForeignProgram } from "../machine/packages/distribution.ts";
import { isProgramMissing } from "../machine/packages/packages.ts";
import { aptCache, aptGet } from "./apt.ts";
import { curl } from "./curl.ts";
import { dd, truncate } from "./dd.ts";
import { dellPackageAt } from "./dell-package.ts";
import { devlink } from "./devlink.ts";
import { df } from "./df.ts";
import { dnf } from "./dnf.ts";
import { modinfo, mokutil, vendorProgram } from "./driver.ts";
import { ethtool } from "./ethtool.ts";
import { chmod, cp, mv, sha256sum } from "./file-tools.ts";
import { flint } from "./flint.ts";
import { depmod, dracut, grubby, updateGrub, updateInitramfs } from "./grubby.ts";
import { needsRestarting, systemdDetectVirt, timedatectl } from "./health.ts";
import { ibvDevinfo } from "./ibv-devinfo.ts";
import { ip } from "./ip.ts";
import { ipmitool } from "./ipmitool.ts";
import { mkisofs } from "./iso.ts";
import { virsh } from "./libvirt/virsh.ts";
import { libvirtd } from "./libvirtd.ts";
import { ln } from "./ln.ts";
import { lshw, lspci } from "./lspci.ts";
import { ofedInstallerAt } from "./mlnxofedinstall.ts";
import { mlxconfig } from "./mlxconfig.ts";
import { mlxfwmanager, mlxfwreset } from "./mlxfwmanager.ts";
import { lsblk, mount, qemuNbd, realpath, tee, umount } from "./nbd.ts";
import { ovsAppctl, ovsCtl } from "./ovs-daemons.ts";
import { ovsOfctl } from "./ovs-ofctl.ts";
import { ovsVsctl } from "./ovs-vsctl.ts";
import { type Ended, failed, type Invoked, type Program, printed } from "./program.ts";
import { QEMU_NAMES, qemuAt } from "./qemu.ts";
import { make, qemuConfigureAt } from "./qemu-build.ts";
import { qemuImg } from "./qemu-img.ts";
import { dpkg, dpkgQuery, rpm } from "./rpm.ts";
import { stat } from "./stat.ts";
import { dmesg, hostname, kill, lsmod, modprobe, nmcli, ping, systemctl, uname } from "./system.ts";
import { tar } from "./tar.ts";
import { taskset } from "./taskset.ts";
import { tc } from "./tc.ts";
import { vdpa } from "./vdpa.ts";

/** The last part of a path: programs are known by it wherever they lie. */
const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export function findProgram(invoked: Pick<Invoked, "machine">, path: string): Program | undefined {
  const name = baseName(path);
  const { machine } = invoked;
  if (machine.spec.missingPrograms.includes(name)) return undefined;
  if (isForeignProgram(machine.spec.distribution, name)) return undefined;
  if (QEMU_NAMES.includes(name)) return qemuAt(machine, path);
  if (isProgramMissing(machine, name)) return undefined;
  return (
    PROGRAMS[name] ??
    vendorProgram(machine, path) ??
    dellPackageAt(machine, path) ??
    ofedInstallerAt(machine, path) ??
    qemuConfigureAt(machine, path)
  );
}

/** Runs the program that another one was asked to start. */
function runChild(
  invoked: Invoked,
  child: {
    readonly argv: readonly string[];
    readonly memoryLockBytes: number;
    readonly allowedDevices?: readonly string[];
    readonly name: string;
  },
): Ended | Promise<Ended> {
  const [path, ...args] = child.argv;
  const program = path === undefined ? undefined : findProgram(invoked, path);
  if (program === undefined) {
    return failed(`${child.name}: failed to execute ${path ?? ""}: No such file or directory`, 127);
  }
  const { memoryLockBytes, allowedDevices = invoked.allowedDevices } = child;
  const bounds = allowedDevices === undefined ? {} : { allowedDevices };
  return program({ ...invoked, args, memoryLockBytes, ...bounds });
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
  const isClosed = args.includes("--property=DevicePolicy=closed");
  const allowed = args.flatMap((arg) => /=DeviceAllow=(\S+) \w+$/.exec(arg)?.[1] ?? []);
  const bounds = isClosed ? { allowedDevices: allowed } : {};
  const child = { argv: args.slice(at), memoryLockBytes, ...bounds, name: "systemd-run" };
  return runChild(invoked, child);
}

/** env(1): `-C FOLDER` and variables, which change nothing here. */
function env(invoked: Invoked): Ended | Promise<Ended> {
  const [first, folder = "/"] = invoked.args;
  const rest = first === "-C" ? invoked.args.slice(2) : invoked.args;
  const argv = rest.slice(rest.findIndex((arg) => !/^\w+=/.test(arg)));
  const own = first === "-C" ? { ...invoked, folder } : invoked;
  return runChild(own, { argv, memoryLockBytes: invoked.memoryLockBytes, name: "env" });
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  chmod,
  cp,
  curl,
  "apt-cache": aptCache,
  "apt-get": aptGet,
  dd,
  depmod,
  devlink,
  df,
  dmesg,
  dnf,
  dpkg,
  "dpkg-query": dpkgQuery,
  dracut,
  env,
  ethtool,
  flint,
  genisoimage: mkisofs,
  grubby,
  hostname,
  ibv_devinfo: ibvDevinfo,
  ip,
  ipmitool,
  kill,
  lshw,
  libvirtd,
  ln,
  lsblk,
  lsmod,
  lspci,
  make,
  modinfo,
  mokutil,
  mlxconfig,
  mlxfwmanager,
  mlxfwreset,
  modprobe,
  mount,
  mstconfig: mlxconfig,
  mstflint: flint,
  mstfwmanager: mlxfwmanager,
  mstfwreset: mlxfwreset,
  mv,
  "needs-restarting": needsRestarting,
  nmcli,
  "ovs-appctl": ovsAppctl,
  "ovs-ctl": ovsCtl,
  "ovs-ofctl": ovsOfctl,
  "ovs-vsctl": ovsVsctl,
  ping,
  prlimit,
  "qemu-img": qemuImg,
  "qemu-nbd": qemuNbd,
  realpath,
  rpm,
  sha256sum,
  stat,
  sync: () => printed(""),
  systemctl,
  "systemd-detect-virt": systemdDetectVirt,
  "systemd-run": systemdRun,
  tar,
  taskset,
  tc,
  tee,
  timedatectl,
  true: () => printed(""),
  truncate,
  umount,
  uname,
  "update-grub": updateGrub,
  "update-initramfs": updateInitramfs,
  vdpa,
  virsh,
  xorriso: mkisofs,
};
