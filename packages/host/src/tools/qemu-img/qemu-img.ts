import {
  type Argv,
  CommandError,
  type ErrorMetadata,
  HostError,
  type ImageFormat,
  ISO_PROGRAMS,
  isoOfFolder,
  makeReadOnly,
  qemuImgCheck,
  qemuImgConvert,
  qemuImgCreate,
  qemuImgInfo,
  qemuImgInfoShared,
  qemuImgResize,
  type Reason,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { readFileSize } from "../artefact/artefact.ts";
import { hostError, runChecked } from "../tool.ts";
import { type ImageInfo, isNoSpace, openFailure, parseImageInfo } from "./parse.ts";

/** Reading or writing the whole of a large image on a slow disk. */
const WHOLE_IMAGE_TIMEOUT_MS = 3_600_000;

/** Status of `qemu-img check` for leaked clusters, which harm nobody. @see qemu-img(1) */
const ONLY_LEAKS = 3;

export interface ImageBounds {
  readonly format: ImageFormat;
  readonly virtualSizeBytesMax: number;
}

const refuse = (reason: Reason, path: string, metadata: ErrorMetadata): HostError =>
  new HostError(reason, `${path} is no image to boot from`, { path, ...metadata });

/** What `qemu-img info` says of a file that it opened; what it would not open is refused. */
async function readInfo(host: Host, path: string, format: ImageFormat): Promise<ImageInfo> {
  const argv = qemuImgInfo(path, format);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return parseImageInfo(result.stdout);
  const reason = openFailure(result.stderr) === "damaged" ? "IMAGE_DAMAGED" : "IMAGE_FORMAT_WRONG";
  const found = result.stderr.trim() || `qemu-img ended with status ${result.exitCode}`;
  const metadata = { found, needs: `an image in format ${format}` };
  throw hostError({
    reason,
    message: `${path} can't be read as ${format}`,
    argv,
    result,
    metadata,
  });
}

async function checkClusters(host: Host, path: string): Promise<void> {
  const argv = qemuImgCheck(path);
  const result = await host.run({ argv, timeoutMs: WHOLE_IMAGE_TIMEOUT_MS });
  if (result.exitCode === 0 || result.exitCode === ONLY_LEAKS) return;
  const metadata = { found: "clusters that are not there or not counted", needs: "a whole image" };
  const message = `${path} is cut off or corrupt`;
  throw hostError({ reason: "IMAGE_DAMAGED", message, argv, result, metadata });
}

/**
 * Looks whether a file from strangers may become the disk of a VM. Only its header is trusted with anything,
 * and only after it was found to name no other file.
 *
 * @returns bytes of the disk a guest sees
 * @throws HostError IMAGE_EMPTY, IMAGE_FORMAT_WRONG, IMAGE_DAMAGED, IMAGE_BACKING_FILE, IMAGE_DATA_FILE,
 *   IMAGE_TOO_LARGE; CommandError COMMAND_NOT_STARTED (no qemu-img), COMMAND_TIMED_OUT
 */
export async function inspectImage(
  host: Host,
  path: string,
  bounds: ImageBounds,
): Promise<{ readonly virtualSizeBytes: number }> {
  if ((await readFileSize(host, path)) === 0) {
    throw refuse("IMAGE_EMPTY", path, { found: "0 bytes", needs: "an image" });
  }
  const info = await readInfo(host, path, bounds.format);
  const { virtualSizeBytes, backingFile, dataFile, isCorrupt } = info;
  if (backingFile !== undefined) {
    throw refuse("IMAGE_BACKING_FILE", path, { found: backingFile, needs: "no backing file" });
  }
  if (dataFile !== undefined) {
    throw refuse("IMAGE_DATA_FILE", path, { found: dataFile, needs: "no external data file" });
  }
  if (virtualSizeBytes === 0) {
    throw refuse("IMAGE_EMPTY", path, { found: "a disk of 0 bytes", needs: "a disk" });
  }
  if (!(virtualSizeBytes <= bounds.virtualSizeBytesMax)) {
    throw refuse("IMAGE_TOO_LARGE", path, {
      found: `a disk of ${virtualSizeBytes} bytes`,
      needs: `at most ${bounds.virtualSizeBytesMax} bytes`,
    });
  }
  if (isCorrupt) {
    throw refuse("IMAGE_DAMAGED", path, { found: "marked corrupt", needs: "a whole image" });
  }
  if (bounds.format === "qcow2") await checkClusters(host, path);
  return { virtualSizeBytes };
}

const writeError = (reason: Reason, what: string, argv: Argv, result: CommandResult): HostError =>
  hostError({
    reason: isNoSpace(result.stderr) ? "IMAGE_CACHE_FULL" : reason,
    message: `${what} could not be written`,
    argv,
    result,
    metadata: { found: result.stderr.trim() },
  });

/**
 * Makes a read-only qcow2 of an image that was inspected. What is at the target is replaced.
 *
 * @throws HostError IMAGE_CACHE_FULL (no space), IMAGE_CONVERT_FAILED; CommandError COMMAND_TIMED_OUT
 */
export async function convertImage(
  host: Host,
  image: { readonly source: string; readonly format: ImageFormat; readonly target: string },
): Promise<void> {
  const { source, format, target } = image;
  const argv = qemuImgConvert(format, source, target);
  const result = await host.run({ argv, timeoutMs: WHOLE_IMAGE_TIMEOUT_MS });
  if (result.exitCode !== 0) throw writeError("IMAGE_CONVERT_FAILED", target, argv, result);
}

/** Nobody but root writes to it, and root has no reason to. @throws CommandError COMMAND_FAILED */
export async function protectImage(host: Host, path: string): Promise<void> {
  await runChecked(host, { argv: makeReadOnly(path) });
}

/**
 * Makes a qcow2 that holds what differs from its base, or an empty one.
 *
 * @throws HostError IMAGE_CACHE_FULL (no space), VM_DISK_UNEXPECTED
 */
export async function createDisk(
  host: Host,
  target: string,
  disk: { readonly base: string | undefined; readonly sizeBytes: number | undefined },
): Promise<void> {
  const argv = qemuImgCreate(target, disk);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw writeError("VM_DISK_UNEXPECTED", target, argv, result);
}

/** Of a disk that Switchyard made; a VM may have it open. @throws CommandError COMMAND_FAILED */
export async function readDiskInfo(host: Host, path: string): Promise<ImageInfo> {
  const { stdout } = await runChecked(host, { argv: qemuImgInfoShared(path) });
  return parseImageInfo(stdout);
}

/**
 * Grows a disk that no process has open.
 *
 * @throws HostError IMAGE_CACHE_FULL (no space), VM_DISK_UNEXPECTED
 */
export async function growDisk(host: Host, path: string, sizeBytes: number): Promise<void> {
  const argv = qemuImgResize(path, sizeBytes);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw writeError("VM_DISK_UNEXPECTED", path, argv, result);
}

const isNotInstalled = (error: unknown): boolean =>
  error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED";

/**
 * Makes the ISO of a NoCloud seed with whichever program there is.
 *
 * @throws HostError SEED_BUILD_FAILED, IMAGE_CACHE_FULL (no space)
 */
export async function buildSeed(host: Host, folder: string, target: string): Promise<void> {
  for (const program of ISO_PROGRAMS) {
    const argv = isoOfFolder(program, folder, target);
    try {
      const result = await host.run({ argv });
      if (result.exitCode === 0) return;
      throw writeError("SEED_BUILD_FAILED", target, argv, result);
    } catch (error) {
      if (!isNotInstalled(error)) throw error;
    }
  }
  throw new HostError("SEED_BUILD_FAILED", `${target} could not be made`, {
    found: "no program that writes ISO 9660",
    needs: ISO_PROGRAMS.join(" or "),
  });
}
