import {
  type HostId,
  type JobId,
  parseHostId,
  parseJobId,
  SwitchyardError,
} from "@switchyard/model";
import { COMMAND_VERBS, type CommandVerb } from "./agent-bus.ts";

/**
 * Shards of the job and telemetry streams. The cost of a JetStream publish grows with the consumers of its
 * stream, so hosts are spread over this many. Changing it moves hosts and needs their users rewritten.
 */
export const SHARD_COUNT = 16;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The shard of a host, 0 to 15; the same in every process and release.
 *
 * @see FNV-1a, 32 bit, draft-eastlake-fnv
 */
export function shardOf(host: HostId): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < host.length; index += 1) {
    hash = Math.imul(hash ^ host.charCodeAt(index), FNV_PRIME);
  }
  return (hash >>> 0) % SHARD_COUNT;
}

export const jobSubject = (host: HostId, job: JobId): string =>
  `sy.job.${shardOf(host)}.${host}.${job}`;
export const jobSubjects = (host: HostId): string => `sy.job.${shardOf(host)}.${host}.*`;
export const eventSubject = (host: HostId, job: JobId): string => `sy.evt.${host}.${job}`;
export const stateSubject = (host: HostId): string => `sy.state.${host}`;
export const heartbeatSubject = (host: HostId): string => `sy.hb.${host}`;
export const telemetrySubject = (host: HostId): string => `sy.tel.${shardOf(host)}.${host}`;
export const commandSubject = (host: HostId, verb: CommandVerb): string => `sy.cmd.${host}.${verb}`;
export const commandSubjects = (host: HostId): string => `sy.cmd.${host}.*`;
/** Requests of other hosts' agents for pieces of disks. */
export const diskSubject = (host: HostId): string => `sy.disk.${host}`;
/** Frames of a live session, towards the agent or from it. The id is a secret of the two. */
export const sessionSubject = (host: HostId, id: string, way: "in" | "out"): string =>
  `sy.ses.${host}.${id}.${way}`;

export const ALL_HEARTBEATS = "sy.hb.*";
/** Any host may ask any other; without a controller's ticket it is not answered. */
export const ALL_DISKS = "sy.disk.*";
/** How much agents stretch their sampling; sent by controllers when ingest lags. */
export const TELEMETRY_FLOW = "sy.flow.tel";
/** Streams and consumers were made anew: agents shall ask for jobs again. */
export const PULL_FLOW = "sy.flow.pull";
/** Rung once per batch of jobs, so that relays of other controllers look at the outbox. */
export const OUTBOX_RING = "sy.ctl.ring.outbox";

export const jobStream = (shard: number): string => `JOBS_${shard}`;
export const telemetryStream = (shard: number): string => `TEL_${shard}`;
export const EVENT_STREAM = "EVT";
export const STATE_STREAM = "STATE";

/**
 * Every inbox of a controller is under it, and agents answer nobody else. Upper case, which no host name
 * has, so that no host's inbox is the controllers'.
 */
export const CONTROLLER_INBOX = "_INBOX_CONTROLLER";
export const hostInbox = (host: HostId): string => `_INBOX_${host}`;

const accepted = <T>(parse: () => T): T | undefined => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SwitchyardError) return undefined;
    throw error;
  }
};

/** Host and job that an event subject names; undefined where it is none. */
export function parseEventSubject(
  subject: string,
): { readonly host: HostId; readonly job: JobId } | undefined {
  const [sy, evt, host, job, ...rest] = subject.split(".");
  if (sy !== "sy" || evt !== "evt" || host === undefined || job === undefined) return undefined;
  if (rest.length > 0) return undefined;
  return accepted(() => ({ host: parseHostId(host), job: parseJobId(job) }));
}

/** Host that `sy.state.<host>`, `sy.hb.<host>` or `sy.tel.<shard>.<host>` names. */
export function parseHostSubject(
  kind: "state" | "hb" | "tel",
  subject: string,
): HostId | undefined {
  const tokens = subject.split(".");
  const host = tokens.at(-1);
  if (tokens[0] !== "sy" || tokens[1] !== kind || host === undefined) return undefined;
  if (tokens.length !== (kind === "tel" ? 4 : 3)) return undefined;
  return accepted(() => parseHostId(host));
}

/** Verb of a command subject; undefined for one this release does not know. */
export function parseCommandVerb(subject: string): CommandVerb | undefined {
  const verb = subject.split(".").at(-1);
  return COMMAND_VERBS.find((known) => known === verb);
}
