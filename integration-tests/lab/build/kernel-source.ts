import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { findDependency, unpackPackage } from "./debian.ts";
import { exists } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** The kernel series of the lab. Debian's security suite keeps moving its last number. */
const KERNEL_SERIES = "6.12";

/** Debian's kernel source, unpacked at most once per build and thrown away after it: it is 1.7 GB. */
export interface KernelSource {
  /** Unpacks the source when first asked, and returns its top folder. */
  readonly directory: () => Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** A source tree that is unpacked inside `workspace` when somebody needs it. */
export function createKernelSource(workspace: string, report: Report): KernelSource {
  let unpacked: Promise<string> | undefined;
  const target = join(workspace, "kernel-source");
  return {
    directory: () => {
      unpacked ??= timed(report, "kernel source: download and unpack", () => unpackSource(target));
      return unpacked;
    },
    dispose: () => rm(target, { recursive: true, force: true }),
  };
}

/** The release name of the newest kernel in the archive, such as `6.12.117+deb12-amd64`. */
export async function findKernelRelease(): Promise<string> {
  const prefix = `linux-headers-${KERNEL_SERIES}`;
  const headers = await findDependency(`linux-headers-${KERNEL_SERIES}-amd64`, prefix);
  return headers.slice("linux-headers-".length);
}

async function unpackSource(target: string): Promise<string> {
  const top = join(target, `linux-source-${KERNEL_SERIES}`);
  if (await exists(top)) return top;
  await execa("mkdir", ["-p", target]);
  await unpackPackage(`linux-source-${KERNEL_SERIES}`, target);
  const archive = join(target, `usr/src/linux-source-${KERNEL_SERIES}.tar.xz`);
  // Documentation, sound and GPU drivers are half of the tree, and nothing here is built from them.
  const skipped = ["Documentation/*", "drivers/gpu/drm/*/*", "sound/*/*", "tools/testing/*"];
  const excludes = skipped.map((path) => `--exclude=*/${path}.[chS]`);
  await execa("tar", ["--extract", "--file", archive, "--directory", target, ...excludes]);
  return top;
}
