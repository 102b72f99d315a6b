import { copyFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { execa } from "execa";
import { ensurePackages, unpackPackage } from "./debian.ts";
import { findKernelRelease, type KernelSource } from "./kernel-source.ts";
import { SETTABLE_VDPA, settableVdpaSource } from "./settable-vdpa.ts";
import { exists, type Stage } from "./stage-cache.ts";
import { LabBuildError, type Report, timed } from "./steps.ts";

/** Raise it when this file changes what the stage holds. */
const RECIPE = "kernel 2";

/**
 * Fills a stage with the lab host's kernel: `vmlinux`, `release` and `lib/modules/<release>`.
 *
 * Debian leaves netdevsim, vdpa_sim and vp_vdpa out of its kernel. They are built here from its own
 * source against its own headers, and lie in `extra/`, beside a vp_vdpa whose MACs can be set.
 */
export function kernelStage(source: KernelSource, report: Report): Stage {
  return {
    name: "kernel",
    inputs: [RECIPE],
    build: async (directory) => {
      const release = await findKernelRelease();
      await timed(report, `kernel ${release}: image and headers`, async () => {
        await ensurePackages([`linux-headers-${release}`]);
        await unpackPackage(`linux-image-${release}`, directory);
      });
      const image = await readFile(join(directory, `boot/vmlinuz-${release}`));
      await writeFile(join(directory, "vmlinux"), extractVmlinux(image));
      await writeFile(join(directory, "release"), release);
      const tree = await source.directory();
      await timed(report, `kernel modules: netdevsim, vdpa_sim, vp_vdpa, ${SETTABLE_VDPA}`, () =>
        buildModules({ directory, release, tree }),
      );
      await timed(report, "kernel modules: depmod", () =>
        execa("/sbin/depmod", ["--basedir", directory, release]),
      );
    },
  };
}

/**
 * The ELF kernel inside a compressed one. QEMU starts it by its PVH note, which saves the time the
 * decompressor takes under emulation.
 *
 * @see torvalds/linux Documentation/arch/x86/boot.rst, payload_offset and payload_length
 */
export function extractVmlinux(image: Buffer): Buffer {
  const setupSectors = image.readUInt8(0x1f1) || 4;
  const payloadStart = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  const sizeSuffixBytes = 4;
  const payloadEnd = payloadStart + image.readUInt32LE(0x24c) - sizeSuffixBytes;
  const kernel = zstdDecompressSync(image.subarray(payloadStart, payloadEnd));
  if (kernel.subarray(0, 4).toString("latin1") !== "\u007fELF") {
    throw new LabBuildError("The kernel's payload is not a zstd-compressed ELF file.");
  }
  return kernel;
}

interface ModuleBuild {
  readonly directory: string;
  readonly release: string;
  readonly tree: string;
}

async function buildModules({ directory, release, tree }: ModuleBuild): Promise<void> {
  const headers = `/usr/src/linux-headers-${release}`;
  if (!(await exists(headers))) throw new LabBuildError(`No kernel headers in ${headers}.`);
  const vringh = join(tree, "drivers/switchyard-vringh");
  await mkdir(vringh, { recursive: true });
  await copyFile(join(tree, "drivers/vhost/vringh.c"), join(vringh, "vringh.c"));
  await writeFile(join(vringh, "Makefile"), "obj-m := vringh.o\n");
  const vpVdpa = await readFile(join(tree, "drivers/vdpa/virtio_pci/vp_vdpa.c"), "utf8");
  const settable = join(tree, "drivers", SETTABLE_VDPA);
  await mkdir(settable, { recursive: true });
  await writeFile(join(settable, `${SETTABLE_VDPA}.c`), settableVdpaSource(vpVdpa));
  await writeFile(join(settable, "Makefile"), `obj-m := ${SETTABLE_VDPA}.o\n`);

  const make = (folder: string, ...settings: readonly string[]) =>
    execa("make", [
      "--silent",
      `--jobs=${availableParallelism()}`,
      "-C",
      headers,
      `M=${join(tree, folder)}`,
      ...settings,
      "modules",
    ]);
  const symbols = `KBUILD_EXTRA_SYMBOLS=${join(vringh, "Module.symvers")}`;
  await make("drivers/net/netdevsim", "CONFIG_NETDEVSIM=m");
  await make("drivers/switchyard-vringh");
  await make("drivers/vdpa/vdpa_sim", "CONFIG_VDPA_SIM=m", "CONFIG_VDPA_SIM_NET=m", symbols);
  await make("drivers/vdpa/virtio_pci", "CONFIG_VP_VDPA=m");
  await make(`drivers/${SETTABLE_VDPA}`);

  const extra = join(directory, "lib/modules", release, "extra");
  await mkdir(extra, { recursive: true });
  for (const built of [
    "net/netdevsim/netdevsim.ko",
    "switchyard-vringh/vringh.ko",
    "vdpa/vdpa_sim/vdpa_sim.ko",
    "vdpa/vdpa_sim/vdpa_sim_net.ko",
    "vdpa/virtio_pci/vp_vdpa.ko",
    `${SETTABLE_VDPA}/${SETTABLE_VDPA}.ko`,
  ]) {
    await cp(join(tree, "drivers", built), join(extra, built.split("/").at(-1) ?? built));
  }
}
