import type { Machine } from "../machine/machine.ts";
import { findInstalled } from "../machine/packages/packages.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const packagesOf = (machine: Machine) => [
  ...findInstalled(machine, "libvirt-daemon"),
  ...findInstalled(machine, "libvirt-daemon-system"),
];

export const hasLibvirt = (machine: Machine): boolean => packagesOf(machine).length > 0;

/** libvirtd(8): `--version`. The monolithic daemon, as the seed procedure uses it. */
export function libvirtd({ machine, args }: Invoked): Ended {
  const [first] = packagesOf(machine);
  if (first === undefined || !args.includes("--version")) return failed("libvirtd: no such option");
  return printed(`libvirtd (libvirt) ${first.version.split("-")[0]}\n`);
}
