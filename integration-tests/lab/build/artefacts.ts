import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensurePackages, findMissingPackages, refreshPackageLists } from "./debian.ts";
import { ensureSriovEmulator } from "./emulator.ts";
import { GUEST_IMAGE, guestImageStage, guestTreeStage } from "./guest-image.ts";
import { hostInitrdStage } from "./host-initrd.ts";
import { kernelStage } from "./kernel-modules.ts";
import { createKernelSource } from "./kernel-source.ts";
import { guestInitrdStage, guestKernelStage } from "./nested-guest.ts";
import { assembledRootStage, rootTreeStage } from "./root-tree.ts";
import { smallImageStage } from "./small-image.ts";
import {
  ensureStage,
  isStageComplete,
  labCacheDirectory,
  pruneStages,
  type Stage,
} from "./stage-cache.ts";
import { LabBuildError, type Report, timed } from "./steps.ts";

/** Programs on this machine that start a lab host. */
const RUN_PACKAGES = ["qemu-system-x86", "util-linux"];

/** Programs on this machine that build its parts. */
const BUILD_PACKAGES = [
  ...["mmdebstrap", "dpkg", "tar", "xz-utils", "kmod"],
  ...["gcc", "make", "bc", "flex", "bison", "libelf-dev", "binutils", "lz4"],
  ...["qemu-utils", "e2fsprogs", "mtools", "syslinux"],
];

/** What starting a lab host needs, all of it read-only and shared by all lab hosts. */
export interface LabArtefacts {
  /** Uncompressed kernel, started by its PVH note. */
  readonly kernel: string;
  readonly initrd: string;
  /** Folder that a lab host sees as its root, under a layer of memory. */
  readonly root: string;
  /** The disk that VMs boot from, a qcow2: Debian with cloud-init. */
  readonly guestImage: string;
  /** The same without all that makes a boot slow: a guest agent and iperf3. */
  readonly smallImage: string;
  /** Whether QEMU here has a card with real SR-IOV. */
  readonly hasSriovNic: boolean;
}

/**
 * Ensures everything a lab host is started from is in the cache, building what is not.
 *
 * The first build takes some minutes and needs root and Debian 12; later calls check a few files.
 * May run twice, also at the same time.
 *
 * @throws LabBuildError when a package is missing and this process may not install it
 */
export async function ensureLabArtefacts(report: Report): Promise<LabArtefacts> {
  await mkdir(labCacheDirectory(), { recursive: true });
  const workspace = await mkdtemp(join(labCacheDirectory(), "workspace-"));
  const start = performance.now();
  const built: string[] = [];
  try {
    const ensure = async (stage: Stage) => {
      if (!(await isStageComplete(stage))) {
        if (built.length === 0) await prepareMachine(report);
        built.push(stage.name);
      }
      return ensureStage(stage);
    };
    const source = createKernelSource(workspace, report);
    const kernel = await ensure(kernelStage(source, report));
    const guestKernel = await ensure(await guestKernelStage(source, report));
    const tree = await ensure(rootTreeStage(report));
    const guestInitrd = await ensure(await guestInitrdStage(join(tree, "root"), report));
    const initrd = await ensure(await hostInitrdStage({ tree, kernel }, report));
    const parts = { tree, kernel, guestKernel, guestInitrd };
    const root = await ensure(assembledRootStage(parts, report));
    const guestTree = await ensure(guestTreeStage(report));
    const guestImage = await ensure(await guestImageStage({ guestTree, guestKernel }, report));
    const smallImage = await ensure(await smallImageStage({ tree, guestKernel }, report));
    await ensurePackages(RUN_PACKAGES);
    const hasSriovNic = await ensureSriovEmulator(report);
    await pruneStages([
      ...[kernel, guestKernel, tree, guestInitrd, initrd, root],
      ...[guestTree, guestImage, smallImage, workspace],
    ]);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const what = built.length > 0 ? `built ${built.join(", ")}` : "nothing to build";
    report(`${seconds.padStart(6)} s  lab: ${what}; in ${labCacheDirectory()}`);
    return {
      kernel: join(kernel, "vmlinux"),
      initrd: join(initrd, "initrd"),
      root: join(root, "root"),
      guestImage: join(guestImage, GUEST_IMAGE),
      smallImage: join(smallImage, GUEST_IMAGE),
      hasSriovNic,
    };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function prepareMachine(report: Report): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new LabBuildError(`The lab is built on Linux on x86_64, not on ${process.arch}.`);
  }
  await timed(report, "apt: refresh package lists", refreshPackageLists);
  const missing = await findMissingPackages([...RUN_PACKAGES, ...BUILD_PACKAGES]);
  await timed(report, `apt: install ${missing.join(" ") || "nothing"}`, () =>
    ensurePackages(missing),
  );
}
