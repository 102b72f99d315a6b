import type { Argv } from "./argv.ts";

/** Of libvirt's system instance. @see virsh(1), libvirt docs/drvqemu */
const VIRSH = ["virsh", "--connect", "qemu:///system"] as const;

const PREFIX = "sy-";

/** The VM's domain. The prefix keeps it apart from domains that others define. */
export const domainName = (vm: string): string => `${PREFIX}${vm}`;

/** The VM whose domain it is; undefined for one that others defined. */
export const vmOfDomain = (domain: string): string | undefined =>
  domain.startsWith(PREFIX) ? domain.slice(PREFIX.length) : undefined;

/** Where libvirt keeps the domains that are defined, a file each. @see libvirt src/qemu/qemu_conf.c, configDir */
export const DOMAINS_FOLDER = "/etc/libvirt/qemu";

/** What libvirt keeps of one domain. @see libvirt src/qemu/qemu_conf.c, stateDir and logDir */
export const domainPaths = (vm: string) => {
  const domain = domainName(vm);
  return {
    /** There while the domain is defined, whether it runs or not. */
    definition: `${DOMAINS_FOLDER}/${domain}.xml`,
    /** There while it runs. */
    pidFile: `/run/libvirt/qemu/${domain}.pid`,
    /** QEMU's arguments and stderr, from this start and earlier ones. */
    log: `/var/log/libvirt/qemu/${domain}.log`,
  };
};

export const virshDefine = (file: string): Argv => [...VIRSH, "define", file];
export const virshStart = (vm: string): Argv => [...VIRSH, "start", domainName(vm)];
export const virshResume = (vm: string): Argv => [...VIRSH, "resume", domainName(vm)];
/** Asks the guest by ACPI and returns at once. */
export const virshShutdown = (vm: string): Argv => [
  ...VIRSH,
  "shutdown",
  domainName(vm),
  "--mode",
  "acpi",
];
/** SIGTERM, and SIGKILL to a QEMU that does not end. */
export const virshDestroy = (vm: string): Argv => [...VIRSH, "destroy", domainName(vm)];
export const virshUndefine = (vm: string): Argv => [...VIRSH, "undefine", domainName(vm)];
