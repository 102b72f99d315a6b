import {
  buildPaths,
  buildSeedFiles,
  canonicalJson,
  copyFile,
  curlDownload,
  type DiskEdit,
  type DiskTransfer,
  GUEST_PATHS,
  type ImageDesired,
  ISO_PROGRAMS,
  imagePaths,
  isoOfFolder,
  isRemote,
  makeReadOnly,
  mountDisk,
  moveFile,
  nbdConnect,
  nbdDisconnect,
  type PlannedCommand,
  qemuBuild,
  qemuImgCheck,
  qemuImgConvert,
  qemuImgCreate,
  qemuImgInfo,
  qemuImgResize,
  type SeedFile,
  unmount,
  vmDiskPaths,
  writeInPlace,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** The boot that installs what the image shall have beside what came. */
function packageCommands({ spec }: ImageDesired): readonly PlannedCommand[] {
  const { packages = [] } = spec;
  if (packages.length === 0) return [];
  const { key, converting } = imagePaths(spec);
  const { seed, seedFiles } = buildPaths(key);
  return [
    ...buildSeedFiles(key, packages).map(({ name, text }) => write(`${seedFiles}/${name}`, text)),
    run(isoOfFolder(ISO_PROGRAMS[0], seedFiles, seed)),
    run(qemuBuild(key, { disk: converting, accelerator: "kvm" })),
  ];
}

/** @param lease the VM that needs it; undefined where nobody does yet */
export function ensureImage(image: ImageDesired, lease: string | undefined): Draft {
  const { source, sizeBytesMax, format } = image.spec;
  const { partial, converting, base } = imagePaths(image.spec);
  const isIso = format === "iso";
  const ready = isIso ? partial : converting;
  return draft(
    "ensureImage",
    { image, lease },
    {
      title: `Have image ${image.image} in the host's cache`,
      commands: [
        ...(lease === undefined
          ? []
          : [write(vmDiskPaths(lease).lease, imagePaths(image.spec).key)]),
        run(
          isRemote(image.spec)
            ? curlDownload({ url: source, path: partial, sizeBytesMax })
            : copyFile(source, partial),
        ),
        run(["sha256sum", "--", partial]),
        run(qemuImgInfo(partial, format)),
        ...(format === "qcow2" ? [run(qemuImgCheck(partial))] : []),
        ...(isIso ? [] : [run(qemuImgConvert(format, partial, converting))]),
        ...packageCommands(image),
        run(makeReadOnly(ready)),
        run(moveFile(ready, base)),
      ],
    },
  );
}

export function ensureOverlay(
  vm: string,
  disk: { readonly base: string | undefined; readonly sizeBytes: number | undefined },
): Draft {
  const paths = vmDiskPaths(vm);
  return draft(
    "ensureOverlay",
    { vm, ...disk },
    {
      title: `Give ${vm} a disk of its own`,
      commands: [
        run(qemuImgCreate(paths.diskPartial, disk)),
        run(moveFile(paths.diskPartial, paths.disk)),
      ],
    },
  );
}

/** @param base what the disk stands on, as on the host it comes from */
export function ensureDiskCopy(
  vm: string,
  transfer: DiskTransfer,
  base: string | undefined,
): Draft {
  const { disk, diskPartial, diskReceived } = vmDiskPaths(vm);
  const { source, sizeBytes, move } = transfer;
  return draft(
    "ensureDiskCopy",
    { vm, transfer, base },
    {
      title: `Copy the disk of ${vm}, ${sizeBytes} bytes, from ${source}`,
      commands: [
        write(diskPartial, `<pieces of the disk on ${source}, over NATS>`),
        run(["sync"]),
        run(["sha256sum", "--", diskPartial]),
        run(qemuImgInfo(diskPartial, "qcow2")),
        run(moveFile(diskPartial, disk)),
        write(diskReceived, move),
      ],
    },
  );
}

/** Changes nothing. */
export const sealDisk = (vm: string): Draft =>
  draft(
    "sealDisk",
    { vm },
    {
      title: `Sum the disk of ${vm}`,
      commands: [run(["sha256sum", "--", vmDiskPaths(vm).disk])],
    },
  );

/** Not reversible: a guest may have written to what was added. */
export const ensureDiskSize = (vm: string, sizeBytes: number): Draft =>
  draft(
    "ensureDiskSize",
    { vm, sizeBytes },
    {
      title: `Grow the disk of ${vm} to ${sizeBytes} bytes, if it is smaller`,
      commands: [run(qemuImgResize(vmDiskPaths(vm).disk, sizeBytes))],
      isReversible: false,
    },
  );

export function ensureSeed(vm: string, files: readonly SeedFile[]): Draft {
  const { seedFiles, seed, seedPartial } = vmDiskPaths(vm);
  return draft(
    "ensureSeed",
    { vm, files },
    {
      title: `Make the cloud-init seed of ${vm}`,
      commands: [
        ...files.map(({ name, text }) => write(`${seedFiles}/${name}`, text)),
        run(isoOfFolder(ISO_PROGRAMS[0], seedFiles, seedPartial)),
        run(moveFile(seedPartial, seed)),
      ],
    },
  );
}

/** The files written depend on what the guest has; those that every guest gets are shown. */
export function ensureDiskEdited(vm: string, edit: DiskEdit): Draft {
  const { disk, mount, nbd } = vmDiskPaths(vm);
  const device = "<free nbd device>";
  const root = { path: `${device}p<root>`, type: "<its file system>" };
  return draft(
    "ensureDiskEdited",
    { vm, edit },
    {
      title: `Set the guest of ${vm} up in its disk${edit.hasEmptyRootPassword ? " (DEVELOPMENT: root without a password)" : ""}`,
      commands: [
        write(nbd, device),
        run(nbdConnect(device, disk)),
        run(mountDisk(root, mount)),
        run(writeInPlace(`${mount}${GUEST_PATHS.hostname}`)),
        run(unmount(mount)),
        run(nbdDisconnect(device)),
      ],
    },
  );
}

/** Of a disk that came from another host, where it was edited. */
export const noteDiskEdited = (vm: string, edit: DiskEdit): Draft =>
  draft(
    "ensureDiskEdited",
    { vm, edit, isEdited: true },
    {
      title: `Note that the guest of ${vm} is set up in its disk`,
      commands: [write(vmDiskPaths(vm).edit, canonicalJson(edit))],
    },
  );

/** Not reversible: what the guest wrote is gone. */
export const ensureNoOverlay = (vm: string): Draft =>
  draft(
    "ensureNoOverlay",
    { vm },
    {
      title: `Remove the disk of ${vm}`,
      commands: [run(["rm", "-rf", "--", vmDiskPaths(vm).folder])],
      isReversible: false,
    },
  );
