import { type Host, HostFileError } from "@switchyard/host";
import {
  canonicalJson,
  type HostId,
  type JobId,
  parseSnapshotRecord,
  type SnapshotRecord,
  type SnapshotSeries,
} from "@switchyard/model";
import type { KernelCursor } from "./kernel-lines.ts";

const FOLDER = "/var/lib/switchyard/snapshots";
/** Jobs whose snapshots a host keeps; their ids sort by age. */
const JOBS_MAX = 32;

type Missing = SnapshotSeries["missing"][number];

/** What one file of a series holds. */
export type SeriesEntry =
  | {
      readonly kind: "record";
      readonly record: SnapshotRecord;
      /** Last line of the kernel log that was seen, whether it was kept or not. */
      readonly cursor: KernelCursor;
    }
  | { readonly kind: "missing"; readonly missing: Missing };

export interface ReadSeries {
  /** In order; undefined where a file could not be read. */
  readonly entries: readonly (SeriesEntry | undefined)[];
  readonly bytes: number;
}

const folderOf = (job: JobId): string => `${FOLDER}/${job}`;

async function listOrNone(host: Host, path: string): Promise<readonly string[]> {
  try {
    return await host.listFolder(path);
  } catch (error) {
    if (error instanceof HostFileError && error.errno === "ENOENT") return [];
    throw error;
  }
}

/** Writes the entry as one file, whole or not at all. @throws HostFileError */
export async function writeEntry(
  host: Host,
  at: { readonly job: JobId; readonly number: number },
  text: string,
): Promise<void> {
  const name = `${String(at.number).padStart(5, "0")}.json`;
  await host.replaceFile(`${folderOf(at.job)}/${name}`, text);
}

export const encodeEntry = (entry: SeriesEntry): string => canonicalJson(entry);

function parseEntry(text: string): SeriesEntry | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    if (value?.["kind"] === "missing") return value as unknown as SeriesEntry;
    const record = parseSnapshotRecord(value?.["record"]);
    return record === undefined ? undefined : (value as unknown as SeriesEntry);
  } catch {
    return undefined;
  }
}

/** What the host has of a job's snapshots; a file that can't be read costs itself only. */
export async function readEntries(host: Host, job: JobId): Promise<ReadSeries> {
  const names = (await listOrNone(host, folderOf(job))).filter((name) =>
    /^\d{5}\.json$/.test(name),
  );
  const entries: (SeriesEntry | undefined)[] = [];
  let bytes = 0;
  for (const name of names) {
    const text = await host.readFile(`${folderOf(job)}/${name}`).catch(() => "");
    bytes += text.length;
    entries.push(parseEntry(text));
  }
  return { entries, bytes };
}

/** Makes room for the job: the oldest jobs' snapshots beyond the bound are removed. */
export async function forgetOldest(host: Host, job: JobId): Promise<void> {
  const others = (await listOrNone(host, FOLDER)).filter((name) => name !== job);
  for (const oldest of others.slice(0, Math.max(0, others.length - JOBS_MAX + 1))) {
    await host.remove(`${FOLDER}/${oldest}`);
  }
}

const isRecord = (
  entry: SeriesEntry | undefined,
): entry is Extract<SeriesEntry, { kind: "record" }> => entry?.kind === "record";

const UNREADABLE = "its file can't be read";

/**
 * The snapshots of a job; undefined where the host has none. What builds on one that can't be read is missing
 * as well, up to the next that holds all there is.
 */
export async function readSeries(
  host: Host,
  of: { readonly host: HostId; readonly job: JobId },
): Promise<SnapshotSeries | undefined> {
  const { entries } = await readEntries(host, of.job);
  if (entries.length === 0) return undefined;
  const records: SnapshotRecord[] = [];
  const missing: Missing[] = [];
  let isBroken = false;
  for (const [at, entry] of entries.entries()) {
    if (entry?.kind === "missing") missing.push(entry.missing);
    else if (!isRecord(entry)) {
      isBroken = true;
      missing.push({ point: `file ${at + 1}`, why: UNREADABLE });
    } else if (isBroken && !entry.record.isWhole) {
      missing.push({ point: entry.record.point, why: "one that it builds on can't be read" });
    } else {
      isBroken = false;
      records.push(entry.record);
    }
  }
  return { version: 1, hostKind: host.kind, ...of, records, missing };
}
