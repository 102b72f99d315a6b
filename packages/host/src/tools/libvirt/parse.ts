/** What libvirt says of a domain. */
export interface DomainState {
  /** In virsh's words: `running`, `paused`, `shut off` … */
  readonly state: string;
  /** Why: `booted`, `shutdown`, `crashed`, `destroyed` … */
  readonly reason: string;
}

/** `shut off (crashed)`. @see libvirt/libvirt tools/virsh-domain-monitor.c, cmdDomstate */
export function parseDomainState(text: string): DomainState {
  const [, state = "no state", reason = "unknown"] =
    /^(.*?)(?: \((.*)\))?$/.exec(text.trim()) ?? [];
  return { state, reason };
}

/** How virsh refuses, where it matters which way. */
export type VirshRefusal = "unreachable" | "absent" | "not-running" | "active";

/** @see libvirt/libvirt tools/vsh.c; src/conf/virdomainobjlist.c; src/qemu/qemu_driver.c */
const REFUSALS: readonly (readonly [VirshRefusal, RegExp])[] = [
  ["unreachable", /failed to connect to the hypervisor|Failed to connect socket to/],
  ["absent", /failed to get domain|no domain with matching name/],
  ["not-running", /domain is not running/],
  ["active", /Domain is already active/],
];

export const findVirshRefusal = (stderr: string): VirshRefusal | undefined =>
  REFUSALS.find(([, text]) => text.test(stderr))?.[0];
