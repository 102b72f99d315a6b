import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The lab host's `/boot`, as seen from outside. There is no boot loader in QEMU's direct kernel boot, so
 * this reads the configuration that a boot loader would read, at the moment it would.
 */
const CONFIGURATION = "boot/grub/grub.cfg";

/** The first `linux` line: kernel, root, then the arguments. @see GRUB manual, linux */
const LINUX_LINE = /^\s*linux\s+\S+(?<words>.*)$/m;

/** Kernel arguments of a lab host that has never booted and so has no configuration yet. */
export const FACTORY_KERNEL_ARGUMENTS = "intel_iommu=on iommu=pt";

/**
 * Kernel arguments the next boot gets.
 *
 * @param stateDirectory the lab host's state share, on this machine
 */
export async function readBootLoaderArguments(stateDirectory: string): Promise<string> {
  const text = await readFile(join(stateDirectory, CONFIGURATION), "utf8").catch(() => "");
  const words = LINUX_LINE.exec(text)?.groups?.["words"];
  return words === undefined ? FACTORY_KERNEL_ARGUMENTS : words.trim();
}
