import type { Sha256 } from "../artefacts/artefact.ts";
import type { HostId, MoveId } from "../ids/ids.ts";

/** A VM's disk as it lay on its host once the VM was stopped. */
export interface DiskSeal {
  /** Length of the file, holes included. */
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** A disk that travels from one host to another. */
export interface DiskTransfer extends DiskSeal {
  readonly move: MoveId;
  readonly source: HostId;
  /** What lets the target ask the source for the disk, signed by a controller; base64. */
  readonly ticket: string;
}

/**
 * Bounds of a disk on its way. A piece stays well below NATS's largest message of 1 MiB; pieces in flight
 * bound what both agents and the broker hold for one disk to 2 MiB.
 */
export const DISK_TRANSFER_LIMITS = {
  pieceBytes: 256 * 1024,
  piecesInFlight: 8,
  /** A 10 GbE management network keeps three quarters for others. */
  bytesPerSecondMax: 300 * 1024 ** 2,
} as const;
