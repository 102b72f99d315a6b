import type { Machine } from "./machine.ts";

const GIB = 1024 ** 3;

/** A file system, as the installer of a server makes them. */
export interface SimDisk {
  readonly mountedOn: string;
  readonly sizeBytes: number;
}

const DISKS: readonly SimDisk[] = [
  { mountedOn: "/boot", sizeBytes: GIB },
  { mountedOn: "/var", sizeBytes: 800 * GIB },
  { mountedOn: "/", sizeBytes: 400 * GIB },
];

/** Where a path lies. */
export const diskOf = (path: string): SimDisk =>
  DISKS.find(({ mountedOn }) => path === mountedOn || path.startsWith(`${mountedOn}/`)) ??
  (DISKS.at(-1) as SimDisk); // the root holds the rest

/** Bytes free for anyone. A small disk is never freer than it is large. */
export const freeBytesOn = ({ spec }: Machine, { mountedOn, sizeBytes }: SimDisk): number =>
  spec.fullDisks.includes(mountedOn) ? 0 : Math.min(spec.freeBytes, Math.floor(sizeBytes * 0.7));
