import {
  type FrozenFileSystems,
  isReason,
  type JobId,
  parseJobId,
  parseVmLogPiece,
  VM_LOG_LIMITS,
  type VmLogPiece,
} from "@switchyard/model";
import { HostCommand, HostCommandReply, type SignedRequest } from "@switchyard/proto";
import type { CommandAnswer } from "../agent-bus.ts";
import { deflateJson, inflateJson } from "./deflated-json.ts";
import { decodeExamination, encodeExamination } from "./examination.ts";
import { decodeHostLoad, encodeHostLoad } from "./host-load.ts";
import { decodeSnapshots, encodeSnapshots } from "./snapshots.ts";

export interface CommandTarget {
  readonly job: JobId | undefined;
  readonly epoch: number | undefined;
}

/** A command as it came; its request is still to be checked. */
export interface DecodedCommand extends CommandTarget {
  readonly request: SignedRequest | undefined;
}

export const encodeCommand = (target: CommandTarget, request?: SignedRequest): Uint8Array =>
  HostCommand.encode({
    job: target.job ?? "",
    epoch: BigInt(target.epoch ?? 0),
    request,
  }).finish();

/** Undefined where the bytes are no command. */
export function decodeCommand(bytes: Uint8Array): DecodedCommand | undefined {
  try {
    const { job, epoch, request } = HostCommand.decode(bytes);
    if (job === "") return { job: undefined, epoch: undefined, request };
    return { job: parseJobId(job), epoch: Number(epoch), request };
  } catch {
    return undefined;
  }
}

/** JSON escapes a byte to six characters at worst. */
const VM_LOG_BOUNDS = {
  wireBytesMax: 900_000,
  jsonBytesMax: VM_LOG_LIMITS.pieceBytesMax * 6 + 4096,
} as const;

const encodeVmLog = (piece: VmLogPiece | undefined): Buffer =>
  (piece === undefined ? undefined : deflateJson(piece, VM_LOG_BOUNDS)) ?? Buffer.alloc(0);

const encodeFrozen = (frozen: FrozenFileSystems | undefined): HostCommandReply["frozen"] =>
  frozen && {
    count: frozen.count,
    thawTime: frozen.thawAtMs === undefined ? undefined : new Date(frozen.thawAtMs),
  };

/** Undefined where the host's word is no count. */
function decodeFrozen(frozen: HostCommandReply["frozen"]): FrozenFileSystems | undefined {
  if (frozen === undefined || frozen.count < 0) return undefined;
  const thawAtMs = frozen.thawTime?.getTime();
  return { count: frozen.count, ...(thawAtMs !== undefined && { thawAtMs }) };
}

export const encodeAnswer = (answer: CommandAnswer): Uint8Array =>
  HostCommandReply.encode({
    isDone: answer.isDone,
    reason: answer.reason ?? "",
    message: answer.message,
    examinationJsonDeflated: encodeExamination(answer.examination),
    snapshotsJsonDeflated: encodeSnapshots(answer.snapshots),
    metadata: { ...answer.metadata },
    vmLogJsonDeflated: encodeVmLog(answer.vmLog),
    load: encodeHostLoad(answer.load),
    frozen: encodeFrozen(answer.frozen),
  }).finish();

/** Undefined where the bytes are no answer. */
export function decodeAnswer(bytes: Uint8Array): CommandAnswer | undefined {
  try {
    const reply = HostCommandReply.decode(bytes);
    const { isDone, reason, message, metadata } = reply;
    const examination = decodeExamination(reply.examinationJsonDeflated);
    const snapshots = decodeSnapshots(reply.snapshotsJsonDeflated);
    const load = decodeHostLoad(reply.load);
    const vmLog = parseVmLogPiece(inflateJson(reply.vmLogJsonDeflated, VM_LOG_BOUNDS));
    const frozen = decodeFrozen(reply.frozen);
    return {
      isDone,
      reason: isReason(reason) ? reason : undefined,
      message,
      ...(examination !== undefined && { examination }),
      ...(snapshots !== undefined && { snapshots }),
      ...(load !== undefined && { load }),
      ...(vmLog !== undefined && { vmLog }),
      ...(frozen !== undefined && { frozen }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    };
  } catch {
    return undefined;
  }
}
