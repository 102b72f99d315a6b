import {
  GUARD_OUTCOMES,
  type HostId,
  isReason,
  type JobEvent,
  type JobId,
  parseJobId,
} from "@switchyard/model";
import { JobEventEnvelope } from "@switchyard/proto";
import type { HostKey } from "../keys/host-key.ts";
import { signingBytes } from "./canonical.ts";

/** Largest envelope, below NATS's default payload limit of 1 MiB; an agent cuts log lines long before. */
export const EVENT_ENVELOPE_BYTES_MAX = 1_000_000;
/** Events are put together up to this size. */
export const EVENT_ENVELOPE_BYTES_AIM = 128 * 1024;

const CONTEXT = "switchyard.v1.JobEventEnvelope";

const bytesToSign = (envelope: JobEventEnvelope): Buffer =>
  signingBytes(CONTEXT, [envelope.host, envelope.hostEpoch, ...envelope.eventsJson]);

export interface EventSigner {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly key: HostKey;
}

export const encodeEvent = (event: JobEvent): Buffer => Buffer.from(JSON.stringify(event));

/** Events of one host, of one job or of several that happened close together, each job's in order. */
export function sealEvents(events: readonly Buffer[], signer: EventSigner): Uint8Array {
  const unsigned: JobEventEnvelope = {
    host: signer.host,
    hostEpoch: BigInt(signer.hostEpoch),
    eventsJson: [...events],
    signature: Buffer.alloc(0),
  };
  const signature = signer.key.sign(bytesToSign(unsigned));
  return JobEventEnvelope.encode({ ...unsigned, signature }).finish();
}

/** An envelope whose shape is right; who signed it is still to be checked. */
export interface DecodedEvents {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly events: readonly JobEvent[];
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
}

/**
 * Decodes an event envelope; undefined where it is malformed, too large, names another host than its
 * subject, or holds an event of another host.
 */
export function decodeEvents(bytes: Uint8Array, host: HostId): DecodedEvents | undefined {
  if (bytes.length > EVENT_ENVELOPE_BYTES_MAX) return undefined;
  try {
    const envelope = JobEventEnvelope.decode(bytes);
    if (envelope.host !== host) return undefined;
    const events = envelope.eventsJson.map((json) => parseEvent(JSON.parse(json.toString()), host));
    if (!events.every((event) => event !== undefined)) return undefined;
    return {
      host,
      hostEpoch: Number(envelope.hostEpoch),
      events,
      signedBytes: bytesToSign(envelope),
      signature: envelope.signature,
    };
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;

/** What the store relies on is checked; the rest is shown to people as the host said it. */
function parseEvent(value: unknown, host: HostId): JobEvent | undefined {
  if (!isRecord(value) || value["host"] !== host) return undefined;
  const { job, epoch, seq, atMs, body } = value;
  if (typeof job !== "string" || !isCount(epoch) || !isCount(seq)) return undefined;
  if (typeof atMs !== "number" || !Number.isFinite(atMs) || !isBody(body)) return undefined;
  const id: JobId = parseJobId(job);
  return { host, job: id, epoch, seq, atMs, body };
}

const END_STATES = ["succeeded", "failed", "needs-operator", "cancelled"];
const isOutcome = (value: unknown): boolean => GUARD_OUTCOMES.some((each) => each === value);
const isText = (value: unknown): boolean => typeof value === "string";
const isSpan = (value: unknown): boolean =>
  value === undefined || (typeof value === "string" && /^[0-9a-f]{16}$/.test(value));
const isFlag = (value: unknown): boolean => typeof value === "boolean";

/** What each kind of body must hold. */
const BODY_CHECKS: Readonly<
  Record<JobEvent["body"]["kind"], (body: Readonly<Record<string, unknown>>) => boolean>
> = {
  accepted: (body) => isText(body["bootId"]),
  planned: (body) => Array.isArray(body["steps"]),
  "step-started": (body) => isText(body["step"]) && isText(body["title"]) && isSpan(body["span"]),
  command: (body) => isText(body["step"]) && isCommand(body["command"]),
  "step-finished": (body) => isText(body["step"]) && isFlag(body["changed"]),
  "step-undone": (body) => isText(body["step"]),
  "step-guarded": (body) =>
    isText(body["step"]) && isText(body["detail"]) && isOutcome(body["outcome"]),
  log: (body) => isText(body["step"]) && isText(body["line"]),
  ended: (body) => END_STATES.includes(String(body["state"])) && isResult(body) && isFailure(body),
  "rejected-stale": (body) => Number.isSafeInteger(body["acceptedEpoch"]),
  "events-dropped": (body) => isCount(body["firstSeq"]),
};

function isBody(body: unknown): body is JobEvent["body"] {
  if (!isRecord(body) || typeof body["kind"] !== "string") return false;
  const check = Object.hasOwn(BODY_CHECKS, body["kind"])
    ? BODY_CHECKS[body["kind"] as JobEvent["body"]["kind"]]
    : undefined;
  return check?.(body) ?? false;
}

function isCommand(command: unknown): boolean {
  if (!isRecord(command) || !Array.isArray(command["argv"])) return false;
  return command["argv"].every(isText) && typeof command["durationMs"] === "number";
}

const isResult = (body: Readonly<Record<string, unknown>>): boolean =>
  isRecord(body["result"]) && Number.isSafeInteger(body["result"]["changedSteps"]);

function isFailure(body: Readonly<Record<string, unknown>>): boolean {
  const failure = body["failure"];
  if (failure === undefined) return true;
  if (!isRecord(failure) || typeof failure["reason"] !== "string") return false;
  return isReason(failure["reason"]) && isText(failure["message"]) && isRecord(failure["metadata"]);
}
