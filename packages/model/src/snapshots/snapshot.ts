import type { HostKind } from "../inventory/inventory.ts";
import type { SnapshotArea, SnapshotFacts, SnapshotFields } from "./facts.ts";

/** An area that could not be read when it was to be, and why. What is shown of it is older. */
export interface UnreadArea {
  readonly area: SnapshotArea;
  readonly message: string;
}

/** Where in its job a snapshot was taken, and what is the same for a whole and a stored one. */
export interface SnapshotHead {
  /**
   * `start`, `step-3` (after the third step of the plan), `failed` (before anything is taken back), `end`. A
   * point that comes again, because a boot or a crash made the job look at its steps again, bears `#2`, `#3`.
   */
  readonly point: string;
  /** Step before it: `03-ensureVfCount`. */
  readonly step?: string;
  /** The host's wall clock. */
  readonly atMs: number;
  readonly bootId: string;
  /** Areas that were read for it; the others are as in the snapshot before. */
  readonly taken: readonly SnapshotArea[];
  readonly unread: readonly UnreadArea[];
  /** Lines of the kernel log since the snapshot before, oldest first; for the first its last ones. */
  readonly kernelLog: readonly string[];
  /** Lines that were not kept, because they were too many. */
  readonly kernelLogDropped: number;
  /** How long taking it made the job wait. */
  readonly tookMs: number;
}

/** A host at one point of a job, whole. */
export interface HostSnapshot extends SnapshotHead {
  readonly facts: SnapshotFacts;
}

/** Items of an area that came or changed, by key; null: they went. */
export type AreaChange = Readonly<Record<string, SnapshotFields | null>>;

/** A snapshot as it is stored: what differs from the one before it. */
export interface SnapshotRecord extends SnapshotHead {
  /** It holds all there is, and nothing before it is needed. */
  readonly isWhole: boolean;
  readonly changes: { readonly [Area in SnapshotArea]?: AreaChange };
}

/** The snapshots of one job, as its host keeps and sends them. */
export interface SnapshotSeries {
  readonly version: 1;
  readonly hostKind: HostKind;
  readonly host: string;
  readonly job: string;
  readonly records: readonly SnapshotRecord[];
  /** Snapshots that are missing: put off, over the bound, or not to be read any more. */
  readonly missing: readonly { readonly point: string; readonly why: string }[];
}

/** One snapshot in a file, for a bug report and for the simulator. */
export interface SnapshotDocument {
  readonly kind: "switchyard-snapshot";
  readonly version: 1;
  readonly hostKind: HostKind;
  readonly host: string;
  readonly job: string;
  readonly snapshot: HostSnapshot;
}

/** One field that differs. Undefined: the item, or the field, is not there. */
export interface SnapshotChange {
  readonly area: SnapshotArea;
  readonly item: string;
  /** Empty where a whole item came or went; its fields are then on the side where it is, as one text. */
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export const SNAPSHOT_LIMITS = {
  /** Lines of the kernel log in one snapshot, the newest; and characters of one line. */
  kernelLogMax: 200,
  firstKernelLogMax: 50,
  lineCharactersMax: 300,
  /** Items of one area: a card has up to 127 VFs a port, each with a representor. */
  itemsMax: 2_000,
  /** JSON of one stored record. */
  recordBytesMax: 512 * 1024,
  /** JSON of all records of a job, and their number; the end of a job has room beside. */
  jobBytesMax: 2 * 1024 * 1024,
  recordsMax: 1_024,
  missingMax: 200,
  /** A series on the wire, deflated. */
  wireBytesMax: 512 * 1024,
  /** A series in memory: bounds what a deflated bomb can grow to. */
  jsonBytesMax: 8 * 1024 * 1024,
} as const;
