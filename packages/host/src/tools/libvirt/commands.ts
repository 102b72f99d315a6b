import { type Argv, domainName } from "@switchyard/model";

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

const SYSTEM = ["virsh", "--connect", "qemu:///system"] as const;

/** @see virsh(1), domstate */
export const domainState = (vm: string): Argv => [
  ...SYSTEM,
  "--readonly",
  "domstate",
  domainName(vm),
  "--reason",
];
/** One QMP command. @see virsh(1), qemu-monitor-command */
export const monitorCommand = (domain: string, request: string): Argv => [
  ...SYSTEM,
  "qemu-monitor-command",
  domain,
  request,
];
/** One command to the guest agent. @see virsh(1), qemu-agent-command */
export const agentCommand = (domain: string, request: string, timeoutSeconds: number): Argv => [
  ...SYSTEM,
  "qemu-agent-command",
  domain,
  "--timeout",
  String(timeoutSeconds),
  request,
];
