import type { Argv } from "@switchyard/model";

/** libvirt's monolithic daemon and the modular one for QEMU; a host has one of them, or both. */
export const LIBVIRT_DAEMONS = ["libvirtd", "virtqemud"] as const;
export type LibvirtDaemon = (typeof LIBVIRT_DAEMONS)[number];

/** Where distributions put the daemons. */
export const LIBVIRT_DAEMON_PATHS = LIBVIRT_DAEMONS.map((daemon) => `/usr/sbin/${daemon}`);

/** @see libvirtd(8), virtqemud(8) */
export const daemonVersion = (daemon: LibvirtDaemon): Argv => [daemon, "--version"];
/** @see systemctl(1) */
export const isUnitActive = (unit: string): Argv => ["systemctl", "is-active", unit];
/** @see virsh(1), list */
export const listDomainsCommand = (): Argv => [
  "virsh",
  "--connect",
  "qemu:///system",
  "--readonly",
  "list",
  "--all",
];
