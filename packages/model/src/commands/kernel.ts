import type { DistroFamily } from "../distribution/distro-profile.ts";
import { DISTRO_PROFILES } from "../distribution/distro-profile.ts";
import type { KernelArgument } from "../kernel/kernel-arguments.ts";
import type { Argv } from "./argv.ts";

/** @param kernel `ALL`, or a kernel's path. @see grubby(8) */
export const grubbyUpdate = (
  kernel: string,
  change: { readonly set: readonly KernelArgument[]; readonly remove: readonly KernelArgument[] },
): Argv => [
  "grubby",
  `--update-kernel=${kernel}`,
  ...(change.set.length === 0 ? [] : [`--args=${change.set.join(" ")}`]),
  ...(change.remove.length === 0 ? [] : [`--remove-args=${change.remove.join(" ")}`]),
];

/** @see grubby(8) */
export const grubbySetDefault = (kernelPath: string): Argv => [
  "grubby",
  `--set-default=${kernelPath}`,
];

/** Makes grub.cfg anew of what is below /etc/default. @see update-grub(8) */
export const updateGrub = (): Argv => ["update-grub"];

/** File of ours that adds to the kernel's arguments where GRUB's own scripts make grub.cfg. */
export const GRUB_DEFAULTS_PATH = "/etc/default/grub.d/switchyard.cfg";

/** Added to what the others set, so that nothing of theirs is lost. */
export const formatGrubDefaults = (argumentList: readonly KernelArgument[]): string =>
  `GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${argumentList.join(" ")}"\n`;

export const initramfsPath = (family: DistroFamily, kernelRelease: string): string =>
  DISTRO_PROFILES[family].initramfs === "dracut"
    ? `/boot/initramfs-${kernelRelease}.img`
    : `/boot/initrd.img-${kernelRelease}`;

/** Makes the initramfs of one kernel anew. @see dracut(8), update-initramfs(8) */
export const rebuildInitramfs = (family: DistroFamily, kernelRelease: string): Argv =>
  DISTRO_PROFILES[family].initramfs === "dracut"
    ? ["dracut", "-f", initramfsPath(family, kernelRelease), kernelRelease]
    : ["update-initramfs", "-u", "-k", kernelRelease];

/**
 * Asks the init system for a boot; both return before it happens.
 *
 * @see systemctl(1), reboot(8)
 */
export const bootHost = (hasSystemd: boolean): Argv =>
  hasSystemd ? ["systemctl", "reboot"] : ["reboot"];
