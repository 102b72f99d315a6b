import { comparePackageVersions, parseKernelArguments } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import { initramfsDriver } from "./driver.ts";
import type { Machine } from "./machine.ts";
import { distributionOf } from "./packages/distribution.ts";

/*
 * Kernels, their boot entries and their initramfs, as files: what a tool writes there is what the next boot
 * reads. Rocky has a file for each entry and the default in grubenv; Debian has grub.cfg, made of
 * /etc/default/grub and the kernels there are.
 */

const BLS_FOLDER = "/boot/loader/entries";
const GRUBENV = "/boot/grub2/grubenv";
const GRUB_CONFIG = "/boot/grub/grub.cfg";
const DEFAULTS = "/etc/default/grub";
const DEFAULTS_FOLDER = "/etc/default/grub.d";

/** Arguments every installation has; `$tuned_params` stays as grubby prints it and is empty at boot. */
const ROCKY_ROOT = "/dev/mapper/rl-root";
const ROCKY_BASE = "ro crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M rd.lvm.lv=rl/root rhgb quiet";
const DEBIAN_ROOT = "UUID=5b1f3a9e-0000-4000-8000-000000000001";

export interface SimBootEntry {
  readonly release: string;
  readonly kernelPath: string;
  readonly root: string;
  readonly title: string;
  readonly id: string;
  readonly arguments: string;
}

/** What the machine was booted with. */
export interface BootedKernel {
  readonly release: string;
  /** The whole command line. */
  readonly commandLine: string;
}

/** Arguments that the machine was booted with. */
export const bootWords = ({ boot }: Machine): readonly string[] =>
  boot.kernel.commandLine.split(" ");

export const hasBootWord = (machine: Machine, word: string): boolean =>
  bootWords(machine).includes(word);

/** Value of `name=value`; the last one counts, as for the kernel. */
export const bootWord = (machine: Machine, name: string): string | undefined =>
  bootWords(machine)
    .findLast((word) => word.startsWith(`${name}=`))
    ?.slice(name.length + 1);

export const kernelPath = (release: string): string => `/boot/vmlinuz-${release}`;
const isRhel = (machine: Machine): boolean => distributionOf(machine).family === "rhel";

export const initramfsPathOf = (machine: Machine, release: string): string =>
  isRhel(machine) ? `/boot/initramfs-${release}.img` : `/boot/initrd.img-${release}`;

const machineId = ({ files }: Machine): string => files.read("/etc/machine-id").trim();
const blsPath = (machine: Machine, release: string): string =>
  `${BLS_FOLDER}/${machineId(machine)}-${release}.conf`;

function parseBls(path: string, text: string): SimBootEntry {
  const value = (key: string) => new RegExp(`^${key} (.*)$`, "m").exec(text)?.[1] ?? "";
  const release = value("version");
  const words = value("options").split(" ");
  const root = words.find((word) => word.startsWith("root=")) ?? "";
  return {
    release,
    kernelPath: kernelPath(release),
    root: root.slice("root=".length),
    title: value("title"),
    id: path.slice(path.lastIndexOf("/") + 1).replace(/\.conf$/, ""),
    arguments: words.filter((word) => word !== root).join(" "),
  };
}

function writeBls(machine: Machine, release: string, options: string): void {
  machine.files.write(
    blsPath(machine, release),
    `title Rocky Linux (${release}) 9.4 (Blue Onyx)\nversion ${release}\nlinux /vmlinuz-${release}\n` +
      `initrd /initramfs-${release}.img $tuned_initrd\noptions root=${ROCKY_ROOT} ${options}\ngrub_users $grub_users\n`,
  );
}

/** Entries of the boot menu, newest kernel first, as grubby counts them. */
export function bootEntries(machine: Machine): readonly SimBootEntry[] {
  const { files } = machine;
  if (!isRhel(machine)) return grubEntries(machine);
  if (!files.isFolder(BLS_FOLDER)) return [];
  return files
    .list(BLS_FOLDER)
    .map((name) => parseBls(name, files.read(`${BLS_FOLDER}/${name}`)))
    .toSorted((a, b) => comparePackageVersions(b.release, a.release));
}

/** Changes the arguments of an entry of Rocky's menu. */
export function setEntryArguments(act: Act, release: string, args: string): void {
  const { machine } = act;
  const entry = bootEntries(machine).find((each) => each.release === release);
  if (entry === undefined) return;
  writeBls(machine, release, args);
  note(act, `kernel arguments ${release}`, { before: entry.arguments, after: args });
}

/** Release of the kernel that the next boot takes. */
export function defaultKernel(machine: Machine): string | undefined {
  const entries = bootEntries(machine);
  if (!isRhel(machine)) return entries[0]?.release;
  const grubenv = machine.files.isFile(GRUBENV) ? machine.files.read(GRUBENV) : "";
  const saved = /^saved_entry=(.*)$/m.exec(grubenv)?.[1];
  return (entries.find(({ id }) => id === saved) ?? entries[0])?.release;
}

export function setDefaultKernel(act: Act, release: string): void {
  const { machine } = act;
  const before = defaultKernel(machine) ?? "none";
  const id = `${machineId(machine)}-${release}`;
  machine.files.write(GRUBENV, `# GRUB Environment Block\nsaved_entry=${id}\nboot_success=1\n`);
  note(act, "default kernel", { before, after: release });
}

/** `GRUB_CMDLINE_LINUX` of /etc/default/grub, which kernels installed later begin with. */
export function defaultArguments({ files }: Machine): string {
  if (!files.isFile(DEFAULTS)) return "";
  return /^GRUB_CMDLINE_LINUX="(.*)"$/m.exec(files.read(DEFAULTS))?.[1] ?? "";
}

export function setDefaultArguments({ files }: Machine, args: string): void {
  const line = `GRUB_CMDLINE_LINUX="${args}"`;
  const text = files.isFile(DEFAULTS) ? files.read(DEFAULTS) : "GRUB_CMDLINE_LINUX=\n";
  files.write(
    DEFAULTS,
    text.replace(/^GRUB_CMDLINE_LINUX=.*$/m, () => line),
  );
}

function installedReleases(machine: Machine): readonly string[] {
  const { files } = machine;
  const prefix = "vmlinuz-";
  return files
    .list("/boot")
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .toSorted((a, b) => comparePackageVersions(b, a));
}

/** What GRUB's own script would have in the variable: /etc/default/grub, then the files of grub.d by name. */
function sourcedArguments(machine: Machine): string {
  const { files } = machine;
  const names = files.isFolder(DEFAULTS_FOLDER) ? files.list(DEFAULTS_FOLDER) : [];
  return names
    .filter((name) => name.endsWith(".cfg"))
    .map((name) => files.read(`${DEFAULTS_FOLDER}/${name}`))
    .reduce((now, text) => {
      const set = /^GRUB_CMDLINE_LINUX="(.*)"$/m.exec(text)?.[1];
      return set === undefined ? now : set.replace("$GRUB_CMDLINE_LINUX", now).trim();
    }, defaultArguments(machine));
}

/** update-grub(8): makes grub.cfg anew. */
export function updateGrub(act: Act): readonly string[] {
  const { machine } = act;
  const releases = installedReleases(machine);
  const args = sourcedArguments(machine);
  const before = grubEntries(machine)[0]?.arguments ?? "";
  machine.files.write(
    GRUB_CONFIG,
    releases
      .map(
        (release) =>
          `menuentry 'Debian GNU/Linux, with Linux ${release}' {\n` +
          `\tlinux\t${kernelPath(release)} root=${DEBIAN_ROOT} ro ${args} quiet\n` +
          `\tinitrd\t/boot/initrd.img-${release}\n}\n` +
          `menuentry 'Debian GNU/Linux, with Linux ${release} (recovery mode)' {\n` +
          `\tlinux\t${kernelPath(release)} root=${DEBIAN_ROOT} ro single ${args}\n}\n`,
      )
      .join(""),
  );
  note(act, "grub.cfg", { before, after: grubEntries(machine)[0]?.arguments ?? "" });
  return releases;
}

function grubEntries({ files }: Machine): readonly SimBootEntry[] {
  if (!files.isFile(GRUB_CONFIG)) return [];
  const found: SimBootEntry[] = [];
  for (const match of files.read(GRUB_CONFIG).matchAll(/^\tlinux\t(\S+) (.*)$/gm)) {
    const [, path = "", options = ""] = match;
    const release = path.replace("/boot/vmlinuz-", "");
    if (found.some((known) => known.release === release)) continue;
    const args = options.replace(`root=${DEBIAN_ROOT} `, "");
    found.push({
      release,
      kernelPath: path,
      root: DEBIAN_ROOT,
      title: "",
      id: "",
      arguments: args,
    });
  }
  return found;
}

/** Writes a kernel's modules anew, as depmod(8) does after a module came or went. */
export function runDepmod(machine: Machine, release: string): void {
  machine.files.write(`/lib/modules/${release}/modules.dep`, `${machine.bootCount}\n`);
}

/** What a kernel's initramfs holds; undefined where it has none. */
export function initramfsOf(machine: Machine, release: string): string | undefined {
  const path = initramfsPathOf(machine, release);
  return machine.files.isFile(path) ? machine.files.read(path) : undefined;
}

export function makeInitramfs(act: Act, release: string): void {
  const { machine } = act;
  const path = initramfsPathOf(machine, release);
  const times = machine.files.isFile(path) ? machine.files.revision(path) : 0;
  machine.files.write(path, `${initramfsDriver(machine, release)}\n`);
  const after = String(machine.files.revision(path));
  note(act, `initramfs ${release}`, { before: String(times), after });
}

/** What a kernel package's scripts do: its files, an initramfs, a boot entry that becomes the default. */
export function addKernel(act: Act, release: string): void {
  const { machine } = act;
  machine.files.write(kernelPath(release), "");
  runDepmod(machine, release);
  makeInitramfs(act, release);
  if (!isRhel(machine)) {
    updateGrub(act);
    return;
  }
  const words = [ROCKY_BASE, defaultArguments(machine), "$tuned_params"];
  writeBls(machine, release, words.filter((word) => word !== "").join(" "));
  setDefaultKernel(act, release);
}

/** Takes a kernel away; the newest one left becomes the default. */
export function removeKernel(act: Act, release: string): void {
  const { machine } = act;
  const wasDefault = defaultKernel(machine) === release;
  machine.files.remove(kernelPath(release));
  machine.files.remove(initramfsPathOf(machine, release));
  machine.files.remove(`/lib/modules/${release}`);
  if (!isRhel(machine)) {
    updateGrub(act);
    return;
  }
  machine.files.remove(blsPath(machine, release));
  const [newest] = bootEntries(machine);
  if (wasDefault && newest !== undefined) setDefaultKernel(act, newest.release);
}

/** Puts the first kernel there, as the installer did. */
export function installFirstKernel(act: Act): void {
  const { machine } = act;
  const { kernelArguments, kernelRelease } = machine.spec;
  setDefaultArguments(machine, kernelArguments);
  addKernel(act, kernelRelease);
}

/** The kernel and command line that firmware and bootloader start now. */
export function kernelToBoot(machine: Machine): BootedKernel {
  const { spec } = machine;
  const first = { release: spec.kernelRelease, arguments: `ro ${spec.kernelArguments}` };
  const wanted = defaultKernel(machine);
  const entry = bootEntries(machine).find(({ release }) => release === wanted);
  const { release, arguments: args } = spec.bootsFirstEntryAlways || !entry ? first : entry;
  const words = parseKernelArguments(args).filter((word) => !word.startsWith("$"));
  const image = isRhel(machine)
    ? `BOOT_IMAGE=(hd0,gpt2)/vmlinuz-${release} root=${ROCKY_ROOT}`
    : `BOOT_IMAGE=${kernelPath(release)} root=${DEBIAN_ROOT}`;
  return { release, commandLine: `${image} ${words.join(" ")}` };
}
