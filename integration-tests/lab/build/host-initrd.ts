import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { type InitrdEntry, packInitrd } from "./cpio.ts";
import { packageFolder } from "./package-folder.ts";
import type { Stage } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** What the lab host's kernel needs before it can see its root. What these need comes with them. */
const BOOT_MODULES = ["9pnet_virtio", "9p", "overlay"];

/** The directories the initrd is made from. */
export interface HostInitrdParts {
  readonly tree: string;
  readonly kernel: string;
}

/** The lab host's initrd: busybox, a handful of modules, and a script that finds the root. */
export async function hostInitrdStage(parts: HostInitrdParts, report: Report): Promise<Stage> {
  const init = await readFile(join(packageFolder, "host-init.sh"));
  return {
    name: "host-initrd",
    inputs: ["host initrd 1", init.toString(), ...BOOT_MODULES, ...Object.values(parts)],
    build: (directory) =>
      timed(report, "lab host initrd", async () => {
        const modules = await readModules(parts.kernel);
        const busybox = join(parts.tree, "root/bin/busybox");
        const initrd = await packInitrd([
          { kind: "character", path: "dev/console", major: 5, minor: 1 },
          ...["proc", "sys", "mnt", "bin"].map(
            (path): InitrdEntry => ({ kind: "directory", path }),
          ),
          { kind: "data", path: "init", data: init, mode: 0o755 },
          { kind: "file", path: "bin/busybox", source: busybox, mode: 0o755 },
          ...modules,
        ]);
        await writeFile(join(directory, "initrd"), initrd);
      }),
  };
}

/** The boot modules, unpacked, as `/modules/NN-name.ko` in the order they are to be loaded. */
async function readModules(kernel: string): Promise<readonly InitrdEntry[]> {
  const release = await readFile(join(kernel, "release"), "utf8");
  const { stdout } = await execa("/sbin/modprobe", [
    ...["--dirname", kernel, "--set-version", release, "--show-depends", "--all"],
    ...BOOT_MODULES,
  ]);
  const insmod = /^insmod (\S+)/gm;
  const files = new Set([...stdout.matchAll(insmod)].flatMap(([, file]) => (file ? [file] : [])));
  return Promise.all(
    [...files].map(async (file, index): Promise<InitrdEntry> => {
      const name = (file.split("/").at(-1) ?? "").replace(/\.xz$/, "");
      const path = `modules/${String(index).padStart(2, "0")}-${name}`;
      if (!file.endsWith(".xz")) return { kind: "file", path, source: file, mode: 0o644 };
      const unpacked = await execa("xz", ["--decompress", "--stdout", file], {
        encoding: "buffer",
      });
      return { kind: "data", path, data: Buffer.from(unpacked.stdout), mode: 0o644 };
    }),
  );
}
