import type { Inventory } from "@switchyard/model";

/**
 * Why the kernel takes no module that is not signed and lets nobody write to a card's configuration space;
 * undefined where it does, or where that is not known.
 *
 * @see torvalds/linux include/linux/security.h, LOCKDOWN_MODULE_SIGNATURE, LOCKDOWN_PCI_ACCESS
 */
export function lockedDownBy({ system }: Pick<Inventory, "system">): string | undefined {
  if (system?.isSecureBoot === true) return "Secure Boot is on";
  const { lockdown = "none" } = system ?? {};
  return lockdown === "none" ? undefined : `kernel lockdown is ${lockdown}`;
}
