import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** timedatectl(1): `show --property=NTPSynchronized --value`. */
export function timedatectl({ machine, args }: Invoked): Ended {
  if (args[0] !== "show") return failed(`Unknown command verb ${args[0] ?? ""}.`);
  return printed(machine.spec.isTimeSynchronized ? "yes\n" : "no\n");
}

/** systemd-detect-virt(1): status 1 for `none`. */
export const systemdDetectVirt = ({ machine }: Invoked): Ended => ({
  exitCode: machine.spec.virtualization === "none" ? 1 : 0,
  stdout: `${machine.spec.virtualization}\n`,
  stderr: "",
});

/** Packages whose update asks for a reboot. @see rpm-software-management/dnf-plugins-core needs_restarting.py */
const NEED_REBOOT: readonly string[] = [
  "dbus",
  "dbus-broker",
  "dbus-daemon",
  "glibc",
  "kernel",
  "kernel-core",
  "kernel-rt",
  "linux-firmware",
  "microcode_ctl",
  "systemd",
];

/** needs-restarting(1): `-r`. */
export function needsRestarting({ machine, args }: Invoked): Ended {
  if (!args.includes("-r")) return printed("");
  const before = new Set(machine.boot.packages);
  const updated = machine.packages.installed
    .filter((each) => !before.has(each) && NEED_REBOOT.includes(each.name))
    .map(({ name }) => `  * ${name}\n`);
  if (updated.length === 0) {
    return printed(
      "No core libraries or services have been updated since boot-up.\nReboot should not be necessary.\n",
    );
  }
  return {
    exitCode: 1,
    stdout:
      `Core libraries or services have been updated since boot-up:\n${[...new Set(updated)].sort().join("")}\n` +
      "Reboot is required to fully utilize these updates.\nMore information: https://access.redhat.com/solutions/27943\n",
    stderr: "",
  };
}
