import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BOOT_MENU, GUEST_IMAGE, writeImage } from "./guest-image.ts";
import { BUSYBOX_NAMES, FOLDERS, withLibraries } from "./nested-guest.ts";
import { packageFolder } from "./package-folder.ts";
import type { Stage } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** Raise it when this file changes what the stage holds. */
const RECIPE = "small image 2";

/** The last is what a person has: busybox's ping prints other words. */
const PROGRAMS = ["/usr/sbin/qemu-ga", "/usr/bin/iperf3", "/usr/bin/ping"];
const BUSYBOX_LINKS = BUSYBOX_NAMES.filter((name) => name !== "ping");
const EXECUTABLE = 0o755;

/**
 * An image for VMs that are made to be measured, as `guest.qcow2`: the small guest with iperf3, on a disk. It has no
 * cloud-init, which takes most of the other image's boot under two emulations: its address is set through its agent.
 */
export async function smallImageStage(
  { tree, guestKernel }: { readonly tree: string; readonly guestKernel: string },
  report: Report,
): Promise<Stage> {
  const init = await readFile(join(packageFolder, "guest-init.sh"));
  return {
    name: "small-image",
    inputs: [RECIPE, BOOT_MENU, init.toString(), tree, guestKernel],
    build: (directory) =>
      timed(report, "small image: disk", async () => {
        const work = join(directory, "work");
        const root = join(work, "root");
        await makeRoot(join(tree, "root"), root);
        await writeFile(join(root, "sbin/init"), init);
        await chmod(join(root, "sbin/init"), EXECUTABLE);
        await writeImage({ work, root, guestKernel }, join(directory, GUEST_IMAGE));
        await rm(work, { recursive: true });
      }),
  };
}

async function makeRoot(from: string, root: string): Promise<void> {
  for (const folder of ["bin", "sbin", "dev", ...FOLDERS]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  for (const path of await withLibraries(from, PROGRAMS)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(from, path), target);
    await chmod(target, EXECUTABLE);
  }
  for (const name of BUSYBOX_LINKS) await symlink("busybox", join(root, "bin", name));
}
