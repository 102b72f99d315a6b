import {
  assert,
  type DiskSeal,
  type Job,
  type JobEvent,
  type JobFailure,
  type JobId,
  type MigrationNote,
  type PingResult,
  type RestoreReport,
} from "@switchyard/model";
import type { AppliedDatapath } from "@switchyard/planner";
import { decode, encode } from "cbor-x";
import { encodeFrame, type Frame } from "./frames.ts";

/** One step of one job. */
interface StepKey {
  readonly job: JobId;
  readonly step: string;
}

/** What a step left in the journal when it was done. */
export interface StepOutcome {
  /** False when the host already was as the step wants it. */
  readonly changed: boolean;
  /** Boot in which it was done; effects on kernel and NIC end with it. */
  readonly bootId: string;
  readonly ping?: PingResult;
  readonly disk?: DiskSeal;
  readonly migration?: MigrationNote;
}

/**
 * Every record of the ledger. `job`: accepted. `intent`: about to change, with what was found before.
 * `done`: changed and read back. `fail`: the job goes back instead of on. `undo`: one step taken back.
 * `end`: the job's last record. `event`: to be published. `sent`: published up to this number. `cancel`:
 * asked to stop. `resumed`: goes on in another boot. `seen`: highest epochs and generations accepted. `boot`: boot id the agent runs in.
 * `applied`: what the host was last brought to, and the boot in which it was so. `restored`: what the host did
 * by itself after a boot. `forgotten`: an ended job of which only its end is kept. `base`: what came in earlier segments counts no
 * more.
 */
export type LedgerRecord =
  | { readonly kind: "base" }
  | { readonly kind: "boot"; readonly bootId: string }
  | {
      readonly kind: "seen";
      readonly hostEpoch: number;
      readonly generations: Readonly<Record<string, number>>;
      readonly expiryFloorMs: number;
    }
  | {
      readonly kind: "job";
      readonly job: Job;
      readonly expireAtMs: number;
      readonly bootId: string;
      /** The agent's own: no controller knows it, and its events stay here. */
      readonly isLocal?: true;
    }
  | ({ readonly kind: "intent"; readonly epoch: number; readonly inputDigest: string } & StepKey & {
        readonly before: unknown;
        /** Done only once the bus has answered after it. Absent in ledgers of older agents. */
        readonly isArmed?: boolean;
      })
  | ({ readonly kind: "done"; readonly outcome: StepOutcome } & StepKey)
  | ({ readonly kind: "undo"; readonly isUndone: boolean } & StepKey)
  | { readonly kind: "fail"; readonly job: JobId; readonly failure: JobFailure }
  | { readonly kind: "cancel"; readonly job: JobId }
  | { readonly kind: "resumed"; readonly job: JobId; readonly bootId: string }
  | { readonly kind: "end"; readonly job: JobId }
  | { readonly kind: "event"; readonly event: JobEvent }
  | { readonly kind: "sent"; readonly job: JobId; readonly epoch: number; readonly seq: number }
  | {
      readonly kind: "applied";
      readonly bootId: string;
      /** Undefined: nobody knows how the last job left the host, so that nothing is made again. */
      readonly applied: AppliedDatapath | undefined;
    }
  | { readonly kind: "restored"; readonly report: RestoreReport }
  | {
      readonly kind: "forgotten";
      readonly job: JobId;
      readonly epoch: number;
      readonly expireAtMs: number;
      readonly lastEvent: JobEvent | undefined;
    };

/** Numbers on disk; never used twice for another meaning. 0 is the group commit's own. */
const TYPE_OF_KIND = {
  base: 1,
  boot: 2,
  seen: 3,
  job: 4,
  intent: 5,
  done: 6,
  undo: 7,
  fail: 8,
  cancel: 9,
  end: 10,
  event: 11,
  sent: 12,
  forgotten: 13,
  resumed: 14,
  applied: 20,
  restored: 21,
} as const satisfies Record<LedgerRecord["kind"], number>;

const KIND_OF_TYPE = new Map(
  Object.entries(TYPE_OF_KIND).map(([kind, type]) => [type as number, kind]),
);

export function encodeRecord(record: LedgerRecord): Uint8Array {
  const { kind, ...body } = record;
  return encodeFrame(TYPE_OF_KIND[kind], encode(body));
}

/** The CRC has vouched for the bytes, so that only a newer agent's record can be unknown. */
export function decodeRecord(frame: Frame): LedgerRecord {
  const kind = KIND_OF_TYPE.get(frame.type);
  assert(kind !== undefined, `the ledger holds a record of unknown type ${frame.type}`);
  return { kind, ...(decode(frame.payload) as object) } as LedgerRecord;
}
