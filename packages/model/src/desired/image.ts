import type { Artefact } from "../artefacts/artefact.ts";
import type { ImageId } from "../ids/ids.ts";
import type { Architecture } from "../inventory/architecture.ts";

/** `iso` is a medium to boot and install from; it is never written to and never converted. */
export type ImageFormat = "qcow2" | "raw" | "iso";

export const IMAGE_FORMATS: readonly ImageFormat[] = ["qcow2", "raw", "iso"];

/** A disk that VMs boot from, known by its content. */
export interface ImageSpec extends Artefact {
  /** As declared: the content is never asked, because what it says may name files of the host. */
  readonly format: ImageFormat;
  /** Of the disk a guest sees. A few KiB of qcow2 can ask for 8 EiB of it. */
  readonly virtualSizeBytesMax: number;
  /** Installed once on each host, by a boot behind NAT, before VMs use the image. Left out: none. */
  readonly packages?: readonly string[];
  /** What its system runs on; undefined: nobody said. */
  readonly architecture?: Architecture;
}

/** An image as hosts are told of it. */
export interface ImageDesired {
  readonly image: ImageId;
  readonly spec: ImageSpec;
}

const GIB = 1024 ** 3;

export const LIMITS_OF_IMAGES = {
  /** Rocky 9 GenericCloud has 1 GB as qcow2; installation media have up to 12 GB. */
  sizeBytesDefault: 16 * GIB,
  sizeBytesMax: 1024 * GIB,
  virtualSizeBytesDefault: 128 * GIB,
  virtualSizeBytesMax: 16 * 1024 * GIB,
  packagesMax: 64,
} as const;
