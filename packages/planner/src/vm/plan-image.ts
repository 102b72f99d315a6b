import { type ImageDesired, imagePaths, seedFiles, type VmDesired } from "@switchyard/model";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { ensureImage, ensureNoOverlay, ensureOverlay, ensureSeed } from "../steps/image-steps.ts";
import type { VmPlan } from "./plan-vm.ts";

/** Plans the way of an image into a host's cache. What is there already is found by the step. */
export const planImageFetch = (image: ImageDesired): VmPlan =>
  finishPlan({ drafts: [ensureImage(image, undefined)], findings: [] });

/** What a VM that boots from an image needs on disk before it starts; none for any other. */
export function diskDrafts(desired: VmDesired): readonly Draft[] {
  const { vm, spec, image } = desired;
  if (image === undefined || spec.boot.kind !== "image") return [];
  const { diskBytes: sizeBytes, guestSetup } = spec.boot;
  const base = image.spec.format === "iso" ? undefined : imagePaths(image.spec).base;
  const hasDisk = base !== undefined || sizeBytes !== undefined;
  return [
    ensureImage(image, vm),
    ...(hasDisk ? [ensureOverlay(vm, { base, sizeBytes })] : []),
    ...(guestSetup === undefined ? [] : [ensureSeed(vm, seedFiles(desired, guestSetup))]),
  ];
}

/** What a VM leaves on disk, and its hold on its image. */
export const diskRemovalDrafts = ({ vm, spec }: VmDesired): readonly Draft[] =>
  spec.boot.kind === "image" ? [ensureNoOverlay(vm)] : [];
