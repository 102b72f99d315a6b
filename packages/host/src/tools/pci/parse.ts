import type { PciLink } from "@switchyard/model";

/** `8.0 GT/s PCIe` → 8. Kernels before 5.x print `8 GT/s`; a slot without link prints `Unknown`. */
export function parseLinkSpeed(text: string): number | undefined {
  const speed = /^(\d+(?:\.\d+)?) GT\/s/.exec(text)?.[1];
  return speed === undefined ? undefined : Number(speed);
}

/** @see torvalds/linux drivers/pci/pci-sysfs.c, current_link_speed and its three siblings */
export function parsePciLink(files: {
  readonly currentSpeed: string | undefined;
  readonly currentWidth: string | undefined;
  readonly maxSpeed: string | undefined;
  readonly maxWidth: string | undefined;
}): PciLink | undefined {
  const speedGtps = parseLinkSpeed(files.currentSpeed ?? "");
  const maxSpeedGtps = parseLinkSpeed(files.maxSpeed ?? "");
  if (speedGtps === undefined || maxSpeedGtps === undefined) return undefined;
  return {
    speedGtps,
    width: Number(files.currentWidth),
    maxSpeedGtps,
    maxWidth: Number(files.maxWidth),
  };
}
