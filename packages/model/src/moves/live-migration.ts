import type { MoveId } from "../ids/ids.ts";

/**
 * How a VM is to go: `live`: it runs on while memory and disk are copied, or stays; `cold`: it is stopped for the
 * copy; `best`: live where nothing stands against it.
 */
export const MOVE_MODES = ["best", "live", "cold"] as const;
export type MoveMode = (typeof MOVE_MODES)[number];

/** Where a VM that goes live is waited for. Its key is made for one move and lasts as long as its QEMU. */
export interface MigrationChannel {
  readonly move: MoveId;
  /** Of the host that waits, in its management network; IPv4. */
  readonly address: string;
  /** What the guest's memory is sent to. */
  readonly memoryPort: number;
  /** What its disk is sent to; undefined where none travels. */
  readonly diskPort: number | undefined;
  /** Pre-shared key of TLS, sealed to the key of the host that the VM leaves: only its agent can open it. */
  readonly sealedKey: string;
}

/** What a move's key is sealed for. */
export const migrationKeyPurpose = (move: MoveId): string => `live move ${move}`;

/** What a live move's jobs leave behind: of the target the channel and `resumedAtMs`, of the source the rest. */
export interface MigrationNote {
  readonly channel?: MigrationChannel;
  /** When the guest stood still on its old host, by that host's clock; milliseconds since the epoch. */
  readonly pausedAtMs?: number;
  /** When it went on on its new host, by that host's clock. */
  readonly resumedAtMs?: number;
  /** Of memory and the devices' state, as QEMU counts. */
  readonly memoryBytes?: number;
  /** Of the disk. */
  readonly diskBytes?: number;
}

/**
 * Bounds of a live move.
 *
 * - Ports that a waiting QEMU may take are libvirt's (qemu.conf, migration_port_min), so that one rule of a firewall
 *   serves both; two per VM that comes.
 * - A 10 GbE management network keeps three quarters for others, as with disks that are copied.
 * - QEMU stops the guest once what is left of its memory takes no longer than the downtime.
 */
export const MIGRATION_LIMITS = {
  firstPort: 49_152,
  lastPort: 49_215,
  bytesPerSecondMax: 300 * 1024 ** 2,
  downtimeMsMax: 300,
  /** A disk of a terabyte takes an hour; memory that is written faster than sent never ends. */
  durationMsMax: 3 * 3_600_000,
  /** QEMU tells of no progress for so long: the way between the hosts is dead. */
  silenceMsMax: 120_000,
} as const;
