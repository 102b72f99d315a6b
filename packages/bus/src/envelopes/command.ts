import { isReason, type JobId, parseJobId } from "@switchyard/model";
import { HostCommand, HostCommandReply } from "@switchyard/proto";
import type { CommandAnswer } from "../agent-bus.ts";
import { decodeExamination, encodeExamination } from "./examination.ts";
import { decodeSnapshots, encodeSnapshots } from "./snapshots.ts";

export interface CommandTarget {
  readonly job: JobId | undefined;
  readonly epoch: number | undefined;
}

export const encodeCommand = (target: CommandTarget): Uint8Array =>
  HostCommand.encode({ job: target.job ?? "", epoch: BigInt(target.epoch ?? 0) }).finish();

/** Undefined where the bytes are no command. */
export function decodeCommand(bytes: Uint8Array): CommandTarget | undefined {
  try {
    const { job, epoch } = HostCommand.decode(bytes);
    if (job === "") return { job: undefined, epoch: undefined };
    return { job: parseJobId(job), epoch: Number(epoch) };
  } catch {
    return undefined;
  }
}

export const encodeAnswer = (answer: CommandAnswer): Uint8Array =>
  HostCommandReply.encode({
    isDone: answer.isDone,
    reason: answer.reason ?? "",
    message: answer.message,
    examinationJsonDeflated: encodeExamination(answer.examination),
    snapshotsJsonDeflated: encodeSnapshots(answer.snapshots),
  }).finish();

/** Undefined where the bytes are no answer. */
export function decodeAnswer(bytes: Uint8Array): CommandAnswer | undefined {
  try {
    const reply = HostCommandReply.decode(bytes);
    const { isDone, reason, message } = reply;
    const examination = decodeExamination(reply.examinationJsonDeflated);
    const snapshots = decodeSnapshots(reply.snapshotsJsonDeflated);
    return {
      isDone,
      reason: isReason(reason) ? reason : undefined,
      message,
      ...(examination !== undefined && { examination }),
      ...(snapshots !== undefined && { snapshots }),
    };
  } catch {
    return undefined;
  }
}
