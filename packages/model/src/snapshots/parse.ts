import { InvalidInputError } from "../errors/switchyard-error.ts";
import { SNAPSHOT_AREAS } from "./facts.ts";
import type { SnapshotDocument, SnapshotSeries } from "./snapshot.ts";
import { SNAPSHOT_LIMITS } from "./snapshot.ts";

type Members = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

const isFieldValue = (value: unknown): boolean =>
  isText(value) || isNumber(value) || typeof value === "boolean" || isTextList(value);
const isFields = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every(isFieldValue);

const AREA_NAMES: readonly string[] = SNAPSHOT_AREAS;

/** Areas of a newer release are not known here; they are refused rather than lost. */
const isAreas = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  isRecord(value) &&
  Object.entries(value).every(
    ([area, items]) =>
      AREA_NAMES.includes(area) && isRecord(items) && Object.values(items).every(isItem),
  );

const isUnread = (value: unknown): boolean =>
  isRecord(value) && isText(value["area"]) && isText(value["message"]);

function isHead(value: unknown): value is Members {
  if (!isRecord(value)) return false;
  const { point, step, atMs, bootId, taken, unread, kernelLog, kernelLogDropped, tookMs } = value;
  return (
    isText(point) &&
    (step === undefined || isText(step)) &&
    [atMs, kernelLogDropped, tookMs].every(isNumber) &&
    isText(bootId) &&
    isTextList(taken) &&
    isTextList(kernelLog) &&
    Array.isArray(unread) &&
    unread.every(isUnread)
  );
}

const isStored = (value: unknown): boolean =>
  isHead(value) &&
  typeof value["isWhole"] === "boolean" &&
  isAreas(value["changes"], (item) => item === null || isFields(item));

/** A stored record as JSON; undefined where it is none. */
export const parseSnapshotRecord = (
  value: unknown,
): SnapshotSeries["records"][number] | undefined =>
  isStored(value) ? (value as SnapshotSeries["records"][number]) : undefined;

const HOST_KINDS: readonly unknown[] = ["real", "lab", "simulated"];

/** What a host sent as the snapshots of a job; undefined where it is none. */
export function parseSnapshotSeries(value: unknown): SnapshotSeries | undefined {
  if (!isRecord(value)) return undefined;
  const { version, hostKind, host, job, records, missing } = value;
  const isRight =
    version === 1 &&
    HOST_KINDS.includes(hostKind) &&
    isText(host) &&
    isText(job) &&
    Array.isArray(records) &&
    records.length <= SNAPSHOT_LIMITS.recordsMax + SNAPSHOT_LIMITS.missingMax &&
    records.every(isStored) &&
    Array.isArray(missing) &&
    missing.every((each) => isRecord(each) && isText(each["point"]) && isText(each["why"]));
  return isRight ? (value as unknown as SnapshotSeries) : undefined;
}

/**
 * Reads an exported snapshot.
 *
 * @throws InvalidInputError SNAPSHOT_MALFORMED
 */
export function parseSnapshotDocument(text: string): SnapshotDocument {
  const malformed = (found: string) =>
    new InvalidInputError("SNAPSHOT_MALFORMED", "this is no exported snapshot", {
      found,
      needs: "a document of `swy job snapshot export`, version 1",
      try: "swy job snapshot export JOB --at end",
    });
  if (text.length > SNAPSHOT_LIMITS.jsonBytesMax) throw malformed("a file that is too large");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("no JSON");
  }
  if (!isRecord(value) || value["kind"] !== "switchyard-snapshot") throw malformed("another kind");
  const { version, hostKind, host, job, snapshot } = value;
  if (version !== 1) throw malformed(`version ${String(version)}`);
  if (!HOST_KINDS.includes(hostKind) || !isText(host) || !isText(job)) {
    throw malformed("a document without its host or job");
  }
  if (!isHead(snapshot)) throw malformed("a snapshot without its point or time");
  if (!isAreas(snapshot["facts"], isFields)) throw malformed("facts of another form");
  return value as unknown as SnapshotDocument;
}
