import {
  diskEditOf,
  type GuestSetup,
  type ImageDesired,
  imagePaths,
  seedFiles,
  type VmDesired,
} from "@switchyard/model";
import { type Draft, finishPlan } from "../steps/draft.ts";
import {
  ensureDiskEdited,
  ensureDiskSize,
  ensureImage,
  ensureNoOverlay,
  ensureOverlay,
  ensureSeed,
  noteDiskEdited,
} from "../steps/image-steps.ts";
import type { VmPlan } from "./plan-vm.ts";

/** Plans the way of an image into a host's cache. What is there already is found by the step. */
export const planImageFetch = (image: ImageDesired): VmPlan =>
  finishPlan({ drafts: [ensureImage(image, undefined)], findings: [] });

/** What the VM's own disk is made from; undefined where it has none of its own. */
export function ownDisk({
  spec,
  image,
}: Pick<VmDesired, "spec" | "image">):
  | { readonly base: string | undefined; readonly sizeBytes: number | undefined }
  | undefined {
  if (image === undefined || spec.boot.kind !== "image") return undefined;
  const { diskBytes: sizeBytes } = spec.boot;
  const base = image.spec.format === "iso" ? undefined : imagePaths(image.spec).base;
  return base === undefined && sizeBytes === undefined ? undefined : { base, sizeBytes };
}

/**
 * What a VM that boots from an image needs on disk before it starts; none for any other.
 *
 * @param isEdited its guest is set up already, on another host
 */
export function diskDrafts(desired: VmDesired, isEdited = false): readonly Draft[] {
  const { vm, spec, image } = desired;
  if (image === undefined || spec.boot.kind !== "image") return [];
  const { guestSetup } = spec.boot;
  const disk = ownDisk(desired);
  return [
    ensureImage(image, vm),
    ...(disk === undefined ? [] : [ensureOverlay(vm, disk)]),
    ...(disk?.sizeBytes === undefined ? [] : [ensureDiskSize(vm, disk.sizeBytes)]),
    ...setupDrafts(desired, guestSetup, isEdited),
  ];
}

function setupDrafts(
  desired: VmDesired,
  setup: GuestSetup | undefined,
  isEdited: boolean,
): readonly Draft[] {
  if (setup === undefined) return [];
  if (setup.method !== "disk-edit") return [ensureSeed(desired.vm, seedFiles(desired, setup))];
  const edit = isEdited ? noteDiskEdited : ensureDiskEdited;
  return [edit(desired.vm, diskEditOf(desired, setup))];
}

/** What a VM leaves on disk, and its hold on its image. */
export const diskRemovalDrafts = ({ vm, spec }: VmDesired): readonly Draft[] =>
  spec.boot.kind === "image" ? [ensureNoOverlay(vm)] : [];
