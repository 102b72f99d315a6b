import type { Host } from "@switchyard/host";
import {
  type HostSnapshot,
  type JobId,
  SNAPSHOT_AREAS,
  SNAPSHOT_LIMITS,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotRecord,
  type Step,
} from "@switchyard/model";
import { applyChanges, areasOfStep, changesBetween, unfoldSeries } from "@switchyard/planner";
import type { Clock, Logger } from "@switchyard/runtime";
import { type KernelCursor, linesSince } from "./kernel-lines.ts";
import {
  encodeEntry,
  forgetOldest,
  readEntries,
  type SeriesEntry,
  writeEntry,
} from "./series-folder.ts";
import { takeFacts } from "./take-facts.ts";

/**
 * Snapshots after steps may make a job wait this long altogether, and after that for a tenth of its time, the
 * next one counted as the last one was: on a host whose programs are slow they are then put off. Start, failure
 * and end are taken whatever it costs.
 */
const GRACE_MS = 2_000;
const SHARE = 0.1;

/** Snapshots that failed before those after steps are given up: a full disk does not get better by trying. */
const FAILURES_MAX = 3;

/** Takes the snapshots of one job. Nothing here rejects or fails a step: a snapshot that fails is missing. */
export interface SnapshotRecorder {
  /** Before the first step; of a job that goes on after a boot or a crash, before the next one. */
  begin(): Promise<void>;
  /** @param hasChanged false: nothing is read again */
  afterStep(
    step: Step,
    at: { readonly number: number; readonly hasChanged: boolean },
  ): Promise<void>;
  /** Before anything is taken back. Nothing for a job that never came to its first step; so is the end. */
  failed(step: string | undefined): Promise<void>;
  /** @param hasSucceeded false: all areas are read, else those that no snapshot has read since a step */
  end(hasSucceeded: boolean): Promise<void>;
}

export const noSnapshots: SnapshotRecorder = {
  begin: () => Promise.resolve(),
  afterStep: () => Promise.resolve(),
  failed: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

/** What the folder holds, as far as the next snapshot builds on it. */
interface Progress {
  facts: SnapshotFacts;
  /** The next one must hold all there is. */
  mustBeWhole: boolean;
  count: number;
  bytes: number;
  waitedMs: number;
  /** What the last one that was read cost; 0 before the first. */
  lastTookMs: number;
  missingCount: number;
  cursor: KernelCursor | undefined;
  readonly points: Map<string, number>;
}

interface Wanted {
  readonly point: string;
  readonly step?: string;
  readonly areas: readonly SnapshotArea[];
  /** Taken also when time or room for others is used up. */
  readonly isVital: boolean;
}

const ALL: readonly SnapshotArea[] = SNAPSHOT_AREAS;

export function createSnapshotRecorder(parts: {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly job: JobId;
  readonly bootId: string;
}): SnapshotRecorder {
  const { host, clock, log, job, bootId } = parts;
  const startedMs = clock.monotonicMs();
  /** Areas that steps changed and no snapshot has read since. */
  const putOff = new Set<SnapshotArea>();
  let progress: Progress | undefined;
  let failureCount = 0;

  const open = async (): Promise<Progress> => {
    progress ??= progressOf(await readEntries(host, job));
    return progress;
  };

  const write = async (known: Progress, text: string): Promise<void> => {
    known.count += 1;
    known.bytes += text.length;
    await writeEntry(host, { job, number: known.count }, text);
  };

  const name = (known: Progress, point: string): string => {
    const times = (known.points.get(point) ?? 0) + 1;
    known.points.set(point, times);
    return times === 1 ? point : `${point}#${times}`;
  };

  const whyNot = (known: Progress, { isVital }: Wanted): string | undefined => {
    if (isVital) return undefined;
    if (known.count >= SNAPSHOT_LIMITS.recordsMax || known.bytes >= SNAPSHOT_LIMITS.jobBytesMax) {
      return "the job has as many as are kept";
    }
    const allowedMs = GRACE_MS + SHARE * (clock.monotonicMs() - startedMs);
    return known.waitedMs + known.lastTookMs > allowedMs
      ? "snapshots had taken their share of the job's time"
      : undefined;
  };

  const miss = async (known: Progress, point: string, why: string): Promise<void> => {
    known.missingCount += 1;
    if (known.missingCount > SNAPSHOT_LIMITS.missingMax) return;
    await write(known, encodeEntry({ kind: "missing", missing: { point, why } }));
  };

  const take = async (wanted: Wanted): Promise<void> => {
    const beganMs = clock.monotonicMs();
    const known = await open();
    const point = name(known, wanted.point);
    const why = whyNot(known, wanted);
    if (why !== undefined) {
      for (const area of wanted.areas) putOff.add(area);
      await miss(known, point, why);
      return;
    }
    const areas = known.mustBeWhole
      ? ALL
      : ALL.filter((area) => wanted.areas.includes(area) || putOff.has(area));
    const found =
      areas.length === 0
        ? { facts: {}, taken: [], unread: [], kernelLog: undefined }
        : await takeFacts(host, clock, areas);
    for (const area of found.taken) putOff.delete(area);
    for (const { area } of found.unread) putOff.add(area);
    const lines =
      found.kernelLog === undefined
        ? { kernelLog: [], kernelLogDropped: 0 }
        : linesSince(found.kernelLog, known.cursor, bootId);
    if (found.kernelLog !== undefined) known.cursor = { bootId, line: found.kernelLog.at(-1) };
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    known.lastTookMs = tookMs;
    const head = {
      point,
      atMs: clock.nowMs(),
      bootId,
      taken: found.taken,
      unread: found.unread,
      tookMs,
    };
    const isWhole = known.mustBeWhole;
    const before = isWhole ? {} : known.facts;
    const record: SnapshotRecord = {
      ...{ ...head, ...lines, isWhole },
      ...(wanted.step !== undefined && { step: wanted.step }),
      changes: changesBetween(before, found.facts),
    };
    const cursor = known.cursor ?? { bootId, line: undefined };
    const fitting = fit(record, cursor);
    if (fitting === undefined) {
      await miss(known, point, "it is larger than a snapshot may be");
      return;
    }
    // Until it is on disk nothing may build on it.
    known.mustBeWhole = true;
    await write(known, fitting);
    known.mustBeWhole = false;
    known.facts = applyChanges(before, record.changes);
    if (!wanted.isVital) known.waitedMs += tookMs;
  };

  /** A host that can't keep snapshots, or a bug in taking them, costs snapshots and not the job. */
  const safely = async (wanted: Wanted): Promise<void> => {
    if (failureCount >= FAILURES_MAX && !wanted.isVital) return;
    try {
      await take(wanted);
    } catch (error) {
      failureCount += 1;
      log.warn({ err: error, job, point: wanted.point }, "a snapshot was not taken");
    }
  };

  const ifBegun = async (wanted: Wanted): Promise<void> => {
    const known = await open().catch(() => undefined);
    if (known !== undefined && known.count > 0) await safely(wanted);
  };

  return {
    begin: async () => {
      await forgetOldest(host, job).catch((error: unknown) => {
        log.warn({ err: error, job }, "old snapshots were not removed");
      });
      const known = await open().catch(() => undefined);
      const isFirst = known === undefined || known.count === 0;
      await safely({ point: isFirst ? "start" : "resumed", areas: ALL, isVital: true });
    },
    afterStep: (step, { number, hasChanged }) => {
      const reach = areasOfStep(step.kind);
      const areas = hasChanged ? (reach === "all" ? ALL : reach) : [];
      return safely({ point: `step-${number}`, step: step.id, areas, isVital: false });
    },
    failed: (step) =>
      ifBegun({ point: "failed", areas: ALL, isVital: true, ...(step !== undefined && { step }) }),
    end: (hasSucceeded) => ifBegun({ point: "end", areas: hasSucceeded ? [] : ALL, isVital: true }),
  };
}

/** As text, without its kernel log where that makes it too large; undefined where nothing helps. */
function fit(record: SnapshotRecord, cursor: KernelCursor): string | undefined {
  const { kernelLog, kernelLogDropped } = record;
  const bare = { ...record, kernelLog: [], kernelLogDropped: kernelLogDropped + kernelLog.length };
  return [record, bare]
    .map((each) => encodeEntry({ kind: "record", record: each, cursor }))
    .find((text) => Buffer.byteLength(text) <= SNAPSHOT_LIMITS.recordBytesMax);
}

/** Goes on from what is there. After a file that can't be read, the next snapshot holds all there is. */
function progressOf({
  entries,
  bytes,
}: {
  readonly entries: readonly (SeriesEntry | undefined)[];
  readonly bytes: number;
}): Progress {
  const records = entries.flatMap((entry) => (entry?.kind === "record" ? [entry] : []));
  const points = new Map<string, number>();
  for (const { record } of records) {
    const [point = ""] = record.point.split("#");
    points.set(point, (points.get(point) ?? 0) + 1);
  }
  const isTorn = entries.length === 0 || entries.some((entry) => entry === undefined);
  const last = unfold(records.map(({ record }) => record)).at(-1);
  return {
    facts: isTorn ? {} : (last?.facts ?? {}),
    mustBeWhole: isTorn || last === undefined,
    count: entries.length,
    bytes,
    waitedMs: 0,
    lastTookMs: 0,
    missingCount: entries.filter((entry) => entry?.kind === "missing").length,
    cursor: records.at(-1)?.cursor,
    points,
  };
}

const unfold = (records: readonly SnapshotRecord[]): readonly HostSnapshot[] =>
  unfoldSeries({ version: 1, hostKind: "real", host: "", job: "", records, missing: [] });
