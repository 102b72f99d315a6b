import type { Argv } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { readOptional, runOptional } from "../tool.ts";

/** @see systemd-detect-virt(1) */
export const detectVirtualization = (): Argv => ["systemd-detect-virt"];

/**
 * What the machine itself runs in: `none`, `kvm`, `vmware`, `lxc` … On a machine without systemd the CPU tells
 * no more than that there is a hypervisor, which is `vm-other`, systemd's word for one it does not know.
 *
 * @returns undefined where neither tells
 * @see torvalds/linux arch/x86/include/asm/cpufeatures.h, X86_FEATURE_HYPERVISOR
 */
export async function readOuterVirtualization(host: Host): Promise<string | undefined> {
  // Status 1 is `none`.
  const answer = (await runOptional(host, { argv: detectVirtualization() }))?.stdout.trim();
  if (answer !== undefined && /^[a-z][a-z0-9-]*$/.test(answer)) return answer;
  const flags = /^flags\s*:(.*)$/m.exec((await readOptional(host, "/proc/cpuinfo")) ?? "")?.[1];
  if (flags === undefined) return undefined;
  return /\bhypervisor\b/.test(flags) ? "vm-other" : "none";
}
