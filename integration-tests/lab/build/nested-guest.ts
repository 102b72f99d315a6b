import { appendFile, copyFile, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type InitrdEntry, packInitrd } from "./cpio.ts";
import type { KernelSource } from "./kernel-source.ts";
import { packageFolder } from "./package-folder.ts";
import type { Stage } from "./stage-cache.ts";
import { LabBuildError, type Report, timed } from "./steps.ts";

/** Raise it when this file changes what the stages hold. */
const RECIPE = "nested guest 2";

/**
 * A kernel of a few megabytes for the VMs inside the lab host: as `vmlinux` for QEMU, as `bzImage` for a boot
 * loader.
 */
export async function guestKernelStage(source: KernelSource, report: Report): Promise<Stage> {
  const config = await readFile(join(packageFolder, "guest-kernel.config"), "utf8");
  return {
    name: "guest-kernel",
    inputs: [RECIPE, config],
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

/** The initrd of the VMs inside the lab host: busybox and Debian's own qemu-ga, as `initrd`. */
export async function guestInitrdStage(rootTree: string, report: Report): Promise<Stage> {
  const init = await readFile(join(packageFolder, "guest-init.sh"));
  return {
    name: "guest-initrd",
    inputs: [RECIPE, init.toString(), rootTree],
    build: async (directory) => {
      await timed(report, "nested guest: initrd", async () => {
        const libraries = await findLibraries(rootTree, "/usr/sbin/qemu-ga");
        const initrd = await packInitrd([
          { kind: "character", path: "dev/console", major: 5, minor: 1 },
          ...["proc", "sys", "run", "tmp", "var/run"].map(
            (path): InitrdEntry => ({ kind: "directory", path }),
          ),
          { kind: "data", path: "init", data: init, mode: 0o755 },
          ...[...libraries, "/usr/sbin/qemu-ga", "/bin/busybox"].map(
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
        ]);
        await writeFile(join(directory, "initrd"), initrd);
      });
    },
  };
}

/** What scenarios may call inside a guest. busybox has more under its own name. */
const BUSYBOX_NAMES = [
  ...["sh", "ip", "ping", "cat", "ls", "dmesg", "mount", "uname", "arping", "nc", "sleep", "grep"],
  ...["poweroff", "reboot", "ifconfig", "echo", "true", "false", "tc", "sed", "awk", "dd", "wc"],
];

/** Absolute paths, inside the tree, of the loader and the libraries a program there needs. */
async function findLibraries(tree: string, program: string): Promise<readonly string[]> {
  const { stdout } = await execa("chroot", [tree, "ldd", program]);
  const path = /(\/\S+) \(0x/g;
  return [...stdout.matchAll(path)].flatMap(([, library]) => (library ? [library] : []));
}
