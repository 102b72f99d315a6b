import { appendFile, copyFile, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type InitrdEntry, packInitrd } from "./cpio.ts";
import type { KernelSource } from "./kernel-source.ts";
import { packageFolder } from "./package-folder.ts";
import type { Stage } from "./stage-cache.ts";
import { LabBuildError, type Report, timed } from "./steps.ts";

/** Raise them when this file changes what the stages hold. */
const KERNEL_RECIPE = "nested guest 2";
const INITRD_RECIPE = "nested guest 3";

/**
 * A kernel of a few megabytes for the VMs inside the lab host: as `vmlinux` for QEMU, as `bzImage` for a boot
 * loader.
 */
export async function guestKernelStage(source: KernelSource, report: Report): Promise<Stage> {
  const config = await readFile(join(packageFolder, "guest-kernel.config"), "utf8");
  return {
    name: "guest-kernel",
    inputs: [KERNEL_RECIPE, config],
    build: async (directory) => {
      const tree = await source.directory();
      await timed(report, "nested guest: kernel", async () => {
        const output = join(directory, "build");
        await execa("mkdir", [output]);
        const make = (...targets: readonly string[]) =>
          execa(
            "make",
            ["--silent", `--jobs=${availableParallelism()}`, `O=${output}`, ...targets],
            {
              cwd: tree,
            },
          );
        await make("tinyconfig");
        await appendFile(join(output, ".config"), config);
        await make("olddefconfig");
        await assertSettingsTaken(join(output, ".config"), config);
        await make("vmlinux", "bzImage");
        await execa("strip", ["-o", join(directory, "vmlinux"), join(output, "vmlinux")]);
        await copyFile(join(output, "arch/x86/boot/bzImage"), join(directory, "bzImage"));
        await copyFile(join(output, ".config"), join(directory, "config"));
        await execa("rm", ["-r", output]);
      });
    },
  };
}

/** Kconfig drops a setting silently when something it depends on is missing. */
async function assertSettingsTaken(configFile: string, wanted: string): Promise<void> {
  const taken = new Set((await readFile(configFile, "utf8")).split("\n"));
  const dropped = wanted
    .split("\n")
    .filter((line) => line.startsWith("CONFIG_") && !taken.has(line));
  if (dropped.length > 0) {
    throw new LabBuildError(`The guest kernel's settings were not taken: ${dropped.join(", ")}`);
  }
}

/**
 * The initrd of the VMs inside the lab host: busybox and Debian's own qemu-ga, as `initrd`; with iperf3, as
 * `initrd-iperf3`, which is larger and so slower to unpack.
 */
export async function guestInitrdStage(rootTree: string, report: Report): Promise<Stage> {
  const init = await readFile(join(packageFolder, "guest-init.sh"));
  return {
    name: "guest-initrd",
    inputs: [INITRD_RECIPE, init.toString(), rootTree],
    build: async (directory) => {
      await timed(report, "nested guest: initrd", async () => {
        const write = async (name: string, programs: readonly string[]) => {
          const entries = initrdEntries(init, await withLibraries(rootTree, programs), rootTree);
          await writeFile(join(directory, name), await packInitrd(entries));
        };
        await write("initrd", ["/usr/sbin/qemu-ga"]);
        await write("initrd-iperf3", ["/usr/sbin/qemu-ga", "/usr/bin/iperf3"]);
      });
    },
  };
}

export const FOLDERS = ["proc", "sys", "run", "tmp", "var/run"];

const initrdEntries = (
  init: Buffer,
  files: readonly string[],
  rootTree: string,
): readonly InitrdEntry[] => [
  { kind: "character", path: "dev/console", major: 5, minor: 1 },
  ...FOLDERS.map((path): InitrdEntry => ({ kind: "directory", path })),
  { kind: "data", path: "init", data: init, mode: 0o755 },
  ...files.map(
    (path): InitrdEntry => ({
      kind: "file",
      path: path.slice(1),
      source: join(rootTree, path),
      mode: 0o755,
    }),
  ),
  ...BUSYBOX_NAMES.map(
    (name): InitrdEntry => ({ kind: "link", path: `bin/${name}`, target: "busybox" }),
  ),
];

/** Programs of the tree with the loader and libraries that they need, and busybox; absolute paths inside the tree. */
export async function withLibraries(
  tree: string,
  programs: readonly string[],
): Promise<readonly string[]> {
  const libraries = await Promise.all(programs.map((program) => findLibraries(tree, program)));
  return [...new Set([...libraries.flat(), ...programs, "/bin/busybox"])];
}

/** What scenarios may call inside a guest. busybox has more under its own name. */
export const BUSYBOX_NAMES = [
  ...["sh", "ip", "ping", "cat", "ls", "dmesg", "mount", "uname", "arping", "nc", "sleep", "grep"],
  ...["poweroff", "reboot", "ifconfig", "echo", "true", "false", "tc", "sed", "awk", "dd", "wc"],
];

/** Absolute paths, inside the tree, of the loader and the libraries a program there needs. */
async function findLibraries(tree: string, program: string): Promise<readonly string[]> {
  const { stdout } = await execa("chroot", [tree, "ldd", program]);
  const path = /(\/\S+) \(0x/g;
  return [...stdout.matchAll(path)].flatMap(([, library]) => (library ? [library] : []));
}
