import type { Lockdown, SelinuxState } from "@switchyard/model";
import { bootWord, hasBootWord } from "./kernels.ts";
import type { Machine } from "./machine.ts";
import { distributionOf } from "./packages/distribution.ts";

/**
 * How SELinux came up: only the RHEL family has it, and the kernel's arguments are above /etc/selinux/config.
 *
 * @see torvalds/linux Documentation/admin-guide/kernel-parameters.txt, selinux=, enforcing=
 */
export function selinuxOf(machine: Machine): SelinuxState {
  if (distributionOf(machine).family !== "rhel" || hasBootWord(machine, "selinux=0"))
    return "disabled";
  return hasBootWord(machine, "enforcing=0") ? "permissive" : machine.spec.selinux;
}

/** Both distributions lock their kernels down under Secure Boot. @see kernel_lockdown(7) */
export function lockdownOf(machine: Machine): Lockdown {
  const asked = bootWord(machine, "lockdown");
  if (asked === "integrity" || asked === "confidentiality") return asked;
  return machine.spec.hasSecureBoot ? "integrity" : "none";
}
