import { type BootEntry, parseKernelArguments } from "@switchyard/model";

const RESCUE = "0-rescue";

/** `/boot/vmlinuz-5.14.0-427.el9.x86_64` → `5.14.0-427.el9.x86_64`. */
export const releaseOfKernelPath = (path: string): string =>
  path.slice(path.lastIndexOf("/") + 1).replace(/^vmlinuz-/, "");

/**
 * Reads `grubby --info=ALL`: blocks of `key=value` that begin with `index=`. The rescue entry is left out:
 * nobody boots a host into it on purpose.
 *
 * @param defaultKernel what `grubby --default-kernel` prints
 */
export function parseGrubbyInfo(text: string, defaultKernel: string): readonly BootEntry[] {
  return text.split(/^(?=index=)/m).flatMap((block) => {
    const value = (key: string) => new RegExp(`^${key}="?(.*?)"?$`, "m").exec(block)?.[1];
    const kernelPath = value("kernel");
    if (kernelPath === undefined || kernelPath.includes(RESCUE)) return [];
    return [
      {
        kernelRelease: releaseOfKernelPath(kernelPath),
        kernelPath,
        arguments: parseKernelArguments(value("args") ?? ""),
        isDefault: kernelPath === defaultKernel.trim(),
      },
    ];
  });
}

/**
 * Reads the kernels of a grub.cfg that update-grub made. The first entry is the default; a kernel's further
 * entries (in the sub-menu, for recovery) are left out.
 */
export function parseGrubConfig(text: string): readonly BootEntry[] {
  const entries: BootEntry[] = [];
  for (const [, kernelPath = "", rest = ""] of text.matchAll(/^\s*linux\s+(\S+)\s*(.*)$/gm)) {
    if (entries.some((known) => known.kernelPath === kernelPath)) continue;
    const words = parseKernelArguments(rest);
    entries.push({
      kernelRelease: releaseOfKernelPath(kernelPath),
      kernelPath,
      arguments: words,
      isDefault: entries.length === 0,
    });
  }
  return entries;
}
