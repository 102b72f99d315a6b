import type { Examination } from "@switchyard/model";
import { deflateJson, inflateJson } from "./deflated-json.ts";

/** Largest examination on the wire, and largest in memory; the second bounds what a deflated bomb can grow to. */
export const EXAMINATION_BYTES_MAX = 256 * 1024;
export const EXAMINATION_JSON_BYTES_MAX = 4 * 1024 * 1024;

const BOUNDS = {
  wireBytesMax: EXAMINATION_BYTES_MAX,
  jsonBytesMax: EXAMINATION_JSON_BYTES_MAX,
} as const;
const NOTHING: Buffer<ArrayBufferLike> = Buffer.alloc(0);

/** Nothing where there is none, or where it is larger than an answer may be. */
export const encodeExamination = (examination: Examination | undefined): Buffer =>
  (examination && deflateJson(examination, BOUNDS)) ?? NOTHING;

/** Undefined where the bytes are none, too many or no examination. */
export function decodeExamination(bytes: Uint8Array): Examination | undefined {
  const value = inflateJson(bytes, BOUNDS);
  return isExamination(value) ? value : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isRecordList = (value: unknown): boolean => Array.isArray(value) && value.every(isRecord);

const RECORD_LISTS = [
  "functions",
  "blockedProcesses",
  "vhostHolders",
  "netdevs",
  "learned",
  "neighbours",
  "nicFlows",
] as const satisfies readonly (keyof Examination)[];

const isFlows = (flows: unknown): boolean =>
  isRecord(flows) &&
  isRecordList(flows["software"]) &&
  (flows["others"] === undefined || isRecordList(flows["others"]));

const isCard = (card: unknown): boolean =>
  isRecord(card) &&
  ["unhealthy", "failedQueues", "errorQueues"].every((key) => isRecordList(card[key])) &&
  isTextList(card["queueDirections"]) &&
  (card["firmware"] === undefined || isRecord(card["firmware"]));

/** The lists that checks walk through must be lists; their leaves are the host's word. */
function isExamination(value: unknown): value is Examination {
  if (!isRecord(value)) return false;
  const absentOr = (key: keyof Examination, isRight: (member: unknown) => boolean) =>
    value[key] === undefined || isRight(value[key]);
  return (
    typeof value["observedAtMs"] === "number" &&
    isRecord(value["agent"]) &&
    absentOr("kernelMessages", isTextList) &&
    RECORD_LISTS.every((key) => absentOr(key, isRecordList)) &&
    absentOr("flows", isFlows) &&
    absentOr("cards", (cards) => Array.isArray(cards) && cards.every(isCard)) &&
    absentOr("offloadProof", isRecord) &&
    absentOr("offloadMessages", isTextList) &&
    absentOr(
      "leftovers",
      (left) =>
        isRecord(left) &&
        isTextList(left["runFolders"]) &&
        isTextList(left["diskFolders"]) &&
        isRecordList(left["processes"]) &&
        isRecordList(left["shownDisks"]),
    ) &&
    absentOr(
      "vms",
      (vms) => Array.isArray(vms) && vms.every((vm) => isRecord(vm) && isRecordList(vm["nics"])),
    )
  );
}
