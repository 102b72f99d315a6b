import { type HostId, type Job, type JobId, type JobSpec, parseJobId } from "@switchyard/model";
import { JobEnvelope } from "@switchyard/proto";
import type { SigningKey, VerifyControllers } from "../keys/signing-key.ts";
import { sha256, signingBytes } from "./canonical.ts";

/** A job as the relay takes it from the outbox. */
export interface OutgoingJob {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly job: JobId;
  readonly epoch: number;
  readonly expireAtMs: number;
  /** Canonical JSON of the JobSpec. */
  readonly specJson: string;
  /** W3C `traceparent`. */
  readonly traceparent?: string | undefined;
}

/** Largest envelope, below NATS's default payload limit of 1 MiB. */
export const JOB_ENVELOPE_BYTES_MAX = 1_000_000;

const CONTEXT = "switchyard.v1.JobEnvelope";

const bytesToSign = (envelope: JobEnvelope): Buffer =>
  signingBytes(CONTEXT, [
    envelope.host,
    envelope.hostEpoch,
    envelope.job,
    envelope.epoch,
    envelope.expireTime?.getTime() ?? 0,
    envelope.keyId,
    envelope.traceparent,
    sha256(envelope.specJson),
  ]);

export function encodeJob(job: OutgoingJob, key: SigningKey): Uint8Array {
  const unsigned: JobEnvelope = {
    host: job.host,
    hostEpoch: BigInt(job.hostEpoch),
    job: job.job,
    epoch: BigInt(job.epoch),
    expireTime: new Date(job.expireAtMs),
    specJson: Buffer.from(job.specJson),
    keyId: key.keyId,
    traceparent: job.traceparent ?? "",
    signature: Buffer.alloc(0),
  };
  const signature = key.sign(bytesToSign(unsigned));
  return JobEnvelope.encode({ ...unsigned, signature }).finish();
}

/** Why an envelope was not taken; `malformed` and the like are worth an alarm, `expired` is not. */
export type EnvelopeRefusal =
  | "malformed"
  | "wrong-signature"
  | "wrong-host"
  | "wrong-epoch"
  | "expired";

export type DecodedJob =
  | {
      readonly kind: "job";
      readonly job: Job;
      readonly hostEpoch: number;
      readonly expireAtMs: number;
    }
  | { readonly kind: "refused"; readonly why: EnvelopeRefusal };

export interface JobCheck {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly nowMs: number;
  readonly verify: VerifyControllers;
}

/** Decodes an envelope and refuses it unless a controller signed it for this host and enrolment. */
export async function decodeJob(bytes: Uint8Array, check: JobCheck): Promise<DecodedJob> {
  const refused = (why: EnvelopeRefusal): DecodedJob => ({ kind: "refused", why });
  let envelope: JobEnvelope;
  try {
    envelope = JobEnvelope.decode(bytes);
  } catch {
    return refused("malformed");
  }
  const { keyId, signature } = envelope;
  const isSigned = await check.verify(keyId, bytesToSign(envelope), signature);
  if (!isSigned) return refused("wrong-signature");
  if (envelope.host !== check.host) return refused("wrong-host");
  if (envelope.hostEpoch !== BigInt(check.hostEpoch)) return refused("wrong-epoch");
  const expireAtMs = envelope.expireTime?.getTime() ?? 0;
  if (expireAtMs <= check.nowMs) return refused("expired");
  const job = jobOf(envelope, check.host);
  if (job === undefined) return refused("malformed");
  return { kind: "job", job, hostEpoch: check.hostEpoch, expireAtMs };
}

function jobOf(envelope: JobEnvelope, host: HostId): Job | undefined {
  try {
    const id = parseJobId(envelope.job);
    // Signed by a controller, which wrote it from its own record.
    const spec = JSON.parse(envelope.specJson.toString()) as JobSpec;
    const epoch = Number(envelope.epoch);
    const { traceparent } = envelope;
    return { id, host, spec, epoch, ...(traceparent !== "" && { traceparent }) };
  } catch {
    return undefined;
  }
}
