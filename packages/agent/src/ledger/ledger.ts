import { HostError } from "@switchyard/model";
import { type Logger, nextTurn } from "@switchyard/runtime";
import { encodeBatch, type Scan, scanFrames } from "./frames.ts";
import { decodeRecord, encodeRecord, type LedgerRecord } from "./records.ts";
import { openSegment, type Segment } from "./segment.ts";
import { LedgerState } from "./state.ts";
import { isNoSpace, type LedgerStorage } from "./storage.ts";

/** A segment longer than this is replaced by one that holds only what still counts. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;

/** Why the ledger takes no new jobs. */
export type LedgerTrouble = "LEDGER_CORRUPT" | "LEDGER_FULL";

/**
 * The agent's durable memory. One owner writes; `append` calls of one turn of the event loop share a sync,
 * and those that come while it runs share the next one.
 */
export interface Ledger {
  /** What is on disk, folded; records appear here once they are synced. */
  readonly state: LedgerState;
  /** Undefined while new jobs may be accepted. Jobs that run may go on under LEDGER_FULL. */
  readonly trouble: LedgerTrouble | undefined;
  /** Bytes of the journal in use; 0 for one that is corrupt. */
  readonly sizeBytes: number;
  /**
   * Resolves once the records are on disk, in order with all earlier ones. No records: asks the disk for
   * space again, which ends LEDGER_FULL once there is some.
   *
   * @throws HostError LEDGER_CORRUPT, LEDGER_FULL (the reserve too is used up), FILE_ACCESS_FAILED; after
   *   one rejection every later call rejects: what is on disk is no longer known
   */
  append(records: readonly LedgerRecord[]): Promise<void>;
  /** Written with the next append; lost in a crash before it. */
  appendLazily(records: readonly LedgerRecord[]): void;
  /** Writes what is pending. May run twice. */
  close(): Promise<void>;
}

const SEGMENT_NAME = /^journal-(\d{12})$/;
/** Older segments, and new ones that were not finished. */
const LEFTOVER_NAME = /^journal-\d{12}(\.tmp)?$/;
const segmentName = (number: number): string => `journal-${String(number).padStart(12, "0")}`;

/**
 * Opens the ledger of a folder. A torn tail, which was never acknowledged, is cut; damage anywhere else
 * opens a ledger in trouble LEDGER_CORRUPT, which is left as it is and accepts nothing.
 */
export async function openLedger(options: {
  readonly storage: LedgerStorage;
  readonly log: Logger;
  /** Told once, when the ledger can't be written any more. */
  readonly onBroken?: (error: HostError) => void;
}): Promise<Ledger> {
  const { storage, log } = options;
  const loaded = await load(storage);
  if (loaded.scan.end === "corrupt") {
    log.error({ segment: segmentName(loaded.number) }, "the ledger is corrupt; no job is accepted");
    return corruptLedger(loaded.state);
  }
  if (loaded.scan.end === "torn") log.warn({ size: loaded.scan.size }, "cut a torn ledger tail");
  const name = segmentName(loaded.number);
  const segment = await openSegment({ storage, name, size: loaded.scan.size });
  return new JournalLedger({ ...options, segment, loaded });
}

interface Loaded {
  readonly number: number;
  readonly stale: readonly string[];
  readonly state: LedgerState;
  readonly scan: Scan;
}

/** Only the newest segment counts: each begins with all that still mattered in the one before. */
async function load(storage: LedgerStorage): Promise<Loaded> {
  const names = await storage.list();
  const numbers = names.flatMap((name) => Number(SEGMENT_NAME.exec(name)?.[1] ?? []));
  const number = Math.max(1, ...numbers);
  const newest = segmentName(number);
  const bytes = names.includes(newest) ? await storage.read(newest) : new Uint8Array();
  const scan = scanFrames(bytes);
  const state = new LedgerState();
  for (const frame of scan.frames) state.apply(decodeRecord(frame));
  return {
    number,
    stale: names.filter((name) => name !== newest && LEFTOVER_NAME.test(name)),
    state,
    scan,
  };
}

function corruptLedger(state: LedgerState): Ledger {
  const refuse = () =>
    Promise.reject(
      new HostError("LEDGER_CORRUPT", "the ledger has a broken record before its end"),
    );
  return {
    state,
    trouble: "LEDGER_CORRUPT",
    sizeBytes: 0,
    append: refuse,
    appendLazily: () => undefined,
    close: async () => undefined,
  };
}

const NOTHING = new Uint8Array();

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class JournalLedger implements Ledger {
  readonly state: LedgerState;
  readonly #storage: LedgerStorage;
  readonly #log: Logger;
  #segment: Segment;
  #number: number;
  #batch: number;
  #stale: readonly string[];
  #compactAbove = SEGMENT_BYTES_MAX;
  #records: LedgerRecord[] = [];
  #waiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  #failure: HostError | undefined;
  readonly #onBroken: ((error: HostError) => void) | undefined;

  constructor(options: {
    readonly storage: LedgerStorage;
    readonly log: Logger;
    readonly segment: Segment;
    readonly loaded: Loaded;
    readonly onBroken?: (error: HostError) => void;
  }) {
    this.#storage = options.storage;
    this.#log = options.log;
    this.#onBroken = options.onBroken;
    this.#segment = options.segment;
    this.#number = options.loaded.number;
    this.#batch = options.loaded.scan.batch;
    this.#stale = options.loaded.stale;
    this.state = options.loaded.state;
  }

  get trouble(): LedgerTrouble | undefined {
    return this.#segment.isFull || this.#failure !== undefined ? "LEDGER_FULL" : undefined;
  }

  get sizeBytes(): number {
    return this.#segment.size;
  }

  append(records: readonly LedgerRecord[]): Promise<void> {
    this.#records.push(...records);
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    this.#writing ??= this.#write();
    return durable;
  }

  appendLazily(records: readonly LedgerRecord[]): void {
    this.#records.push(...records);
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#records.length > 0 && this.#failure === undefined) await this.append([]);
    await this.#segment.close();
  }

  async #write(): Promise<void> {
    await nextTurn();
    while (this.#waiters.length > 0) {
      const records = this.#records;
      const waiters = this.#waiters;
      this.#records = [];
      this.#waiters = [];
      try {
        await this.#commit(records);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        this.#break(error);
        for (const waiter of waiters) waiter.reject(this.#failure);
      }
    }
    this.#writing = undefined;
  }

  #break(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = ledgerFailure(error);
    this.#onBroken?.(this.#failure);
  }

  async #commit(records: readonly LedgerRecord[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#batch += records.length === 0 ? 0 : 1;
    const frames = [encodeBatch(this.#batch), ...records.map(encodeRecord)];
    await this.#segment.commit(records.length === 0 ? NOTHING : Buffer.concat(frames));
    for (const record of records) this.state.apply(record);
    if (this.#stale.length > 0) await this.#removeStale();
    if (this.#segment.size > this.#compactAbove) await this.#compact();
  }

  async #removeStale(): Promise<void> {
    for (const name of this.#stale) await this.#storage.remove(name);
    this.#stale = [];
  }

  /**
   * A full disk postpones it: the old segment stays valid. The new one is closed by a group commit of its
   * own, so that damage inside it is never taken for a torn tail.
   */
  async #compact(): Promise<void> {
    const records = [...this.state.snapshot()].map(encodeRecord);
    this.#batch += 1;
    const bytes = Buffer.concat([
      encodeBatch(this.#batch - 1),
      ...records,
      encodeBatch(this.#batch),
    ]);
    this.#compactAbove = Math.max(SEGMENT_BYTES_MAX, 2 * bytes.length);
    const name = segmentName(this.#number + 1);
    try {
      await this.#storage.replace(name, bytes);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      this.#log.error({ err: error }, "no space to compact the ledger");
      return;
    }
    const next = await openSegment({ storage: this.#storage, name, size: bytes.length });
    await this.#segment.close();
    await this.#storage.remove(this.#segment.name);
    this.#segment = next;
    this.#number += 1;
  }
}

const ledgerFailure = (cause: unknown): HostError =>
  cause instanceof HostError
    ? cause
    : new HostError(
        isNoSpace(cause) ? "LEDGER_FULL" : "FILE_ACCESS_FAILED",
        "the ledger can't be written",
        { error: cause instanceof Error ? cause.message : String(cause) },
        { cause },
      );
