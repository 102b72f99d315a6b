import { type HostId, type JobId, parseJobId } from "@switchyard/model";
import { Heartbeat } from "@switchyard/proto";
import type { HeartbeatReport } from "../agent-bus.ts";

/** Largest heartbeat; a lane holds few jobs, so a longer one is no heartbeat of ours. */
export const HEARTBEAT_BYTES_MAX = 16 * 1024;

/** A host's sign of life as a controller receives it. */
export interface HostHeartbeat {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly running: readonly { readonly job: JobId; readonly epoch: number }[];
}

export interface HeartbeatSender {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
}

export const encodeHeartbeat = (report: HeartbeatReport, sender: HeartbeatSender): Uint8Array =>
  Heartbeat.encode({
    host: sender.host,
    hostEpoch: BigInt(sender.hostEpoch),
    session: sender.session,
    bootId: report.bootId,
    agentVersion: report.agentVersion,
    running: report.running.map(({ job, epoch }) => ({ job, epoch: BigInt(epoch) })),
  }).finish();

/** Undefined where the bytes are no heartbeat of the host that the subject names. */
export function decodeHeartbeat(bytes: Uint8Array, host: HostId): HostHeartbeat | undefined {
  if (bytes.length > HEARTBEAT_BYTES_MAX) return undefined;
  try {
    const beat = Heartbeat.decode(bytes);
    if (beat.host !== host) return undefined;
    const running = beat.running.map(({ job, epoch }) => ({
      job: parseJobId(job),
      epoch: Number(epoch),
    }));
    const { session, bootId, agentVersion } = beat;
    return { host, hostEpoch: Number(beat.hostEpoch), session, bootId, agentVersion, running };
  } catch {
    return undefined;
  }
}
