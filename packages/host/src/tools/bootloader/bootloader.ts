import {
  type ArgumentChange,
  type Argv,
  argumentKey,
  type BootEntry,
  changeBack,
  DISTRO_PROFILES,
  type DistroFamily,
  type DistroProfile,
  formatGrubDefaults,
  GRUB_DEFAULTS_PATH,
  grubbySetDefault,
  grubbyUpdate,
  HostError,
  type KernelArgument,
  updateGrub,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { hostError, listOptional, readOptional, runChecked } from "../tool.ts";
import { grubbyDefaultKernel, grubbyInfoAll } from "./commands.ts";
import { parseGrubbyInfo, parseGrubConfig } from "./parse.ts";

/** update-grub looks for other systems on every disk. */
const UPDATE_TIMEOUT_MS = 180_000;

const BLS_FOLDER = "/boot/loader/entries";
const GRUB_CONFIG = "/boot/grub/grub.cfg";

/** Files that change when a boot entry does, for telling whether one read before still holds. */
export async function bootloaderFiles(
  host: Host,
  { bootloader }: DistroProfile,
): Promise<readonly string[]> {
  if (bootloader === "grub-mkconfig") return [GRUB_CONFIG];
  const names = await listOptional(host, BLS_FOLDER);
  return [...names.map((name) => `${BLS_FOLDER}/${name}`), "/boot/grub2/grubenv"];
}

/**
 * Kernels that the machine can boot, with their arguments as the bootloader will give them.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED; HostFileError
 */
export async function listBootEntries(
  host: Host,
  family: DistroFamily,
): Promise<readonly BootEntry[]> {
  if (DISTRO_PROFILES[family].bootloader === "grub-mkconfig") {
    return parseGrubConfig(await host.readFile(GRUB_CONFIG));
  }
  const info = await runChecked(host, { argv: grubbyInfoAll() });
  const defaultKernel = await runChecked(host, { argv: grubbyDefaultKernel() });
  return parseGrubbyInfo(info.stdout, defaultKernel.stdout);
}

/** What a change of the kernel arguments must know to be taken back. */
export interface ArgumentsBefore {
  readonly entries: readonly BootEntry[];
  /** Of `/etc/default/grub.d/switchyard.cfg`; undefined where there was none. */
  readonly ownFile: string | undefined;
}

/** @throws as `listBootEntries` */
export const readArgumentsBefore = async (
  host: Host,
  family: DistroFamily,
): Promise<ArgumentsBefore> => ({
  entries: await listBootEntries(host, family),
  ownFile: await readOptional(host, GRUB_DEFAULTS_PATH),
});

/**
 * Gives every boot entry the arguments; entries made later inherit them. May run twice. In force with the next
 * boot.
 *
 * @param args arguments of list keys must hold what is there already: grubby replaces a key's value
 * @throws HostError BOOTLOADER_CHANGE_FAILED
 */
export async function setKernelArguments(
  host: Host,
  family: DistroFamily,
  args: readonly KernelArgument[],
): Promise<void> {
  if (DISTRO_PROFILES[family].bootloader === "grubby") {
    return change(host, grubbyUpdate("ALL", { set: args, remove: [] }));
  }
  await host.replaceFile(GRUB_DEFAULTS_PATH, formatGrubDefaults(args));
  await change(host, updateGrub());
}

/**
 * Brings the boot entries back to what they were, as far as these arguments go. May run twice.
 *
 * @throws HostError BOOTLOADER_CHANGE_FAILED
 */
export async function restoreKernelArguments(
  host: Host,
  family: DistroFamily,
  options: { readonly arguments: readonly KernelArgument[]; readonly before: ArgumentsBefore },
): Promise<void> {
  const { before } = options;
  if (DISTRO_PROFILES[family].bootloader === "grub-mkconfig") {
    if (before.ownFile === undefined) await host.remove(GRUB_DEFAULTS_PATH);
    else await host.replaceFile(GRUB_DEFAULTS_PATH, `${before.ownFile}\n`);
    return change(host, updateGrub());
  }
  const keys = options.arguments.map(argumentKey);
  const changes = (await listBootEntries(host, family)).flatMap((now) => {
    const was = before.entries.find(({ kernelPath }) => kernelPath === now.kernelPath);
    if (was === undefined) return [];
    return [{ kernel: now.kernelPath, ...changeBack(was.arguments, now.arguments, keys) }];
  });
  for (const each of together(changes)) {
    if (each.set.length + each.remove.length > 0)
      await change(host, grubbyUpdate(each.kernel, each));
  }
}

type KernelChange = ArgumentChange & { readonly kernel: string };

/**
 * Only a change of all entries at once reaches /etc/default/grub, of which later kernels inherit: what was
 * added is taken from all, and then each entry gets its own back.
 */
function together(changes: readonly KernelChange[]): readonly KernelChange[] {
  const texts = new Set(changes.map(({ set, remove }) => JSON.stringify({ set, remove })));
  const [first] = changes;
  if (texts.size === 1 && first !== undefined) return [{ ...first, kernel: "ALL" }];
  const remove = [...new Set(changes.flatMap((each) => each.remove))];
  return [
    { kernel: "ALL", set: [], remove },
    ...changes.map(({ kernel, set }) => ({ kernel, set, remove: [] })),
  ];
}

/**
 * Lets the next boot take a kernel. May run twice.
 *
 * @throws HostError KERNEL_NOT_INSTALLED, BOOTLOADER_CHANGE_FAILED
 */
export async function setDefaultKernel(
  host: Host,
  family: DistroFamily,
  kernelRelease: string,
): Promise<void> {
  const entries = await listBootEntries(host, family);
  const entry = entries.find((each) => each.kernelRelease === kernelRelease);
  if (entry === undefined || DISTRO_PROFILES[family].bootloader !== "grubby") {
    throw new HostError(
      "KERNEL_NOT_INSTALLED",
      `kernel ${kernelRelease} can't be made the default`,
      {
        found: entries.map((each) => each.kernelRelease).join(", "),
        needs: kernelRelease,
      },
    );
  }
  await change(host, grubbySetDefault(entry.kernelPath));
}

async function change(host: Host, argv: Argv): Promise<void> {
  const result = await host.run({ argv, timeoutMs: UPDATE_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = "the bootloader's configuration can't be changed";
  throw hostError({ reason: "BOOTLOADER_CHANGE_FAILED", message, argv, result });
}
