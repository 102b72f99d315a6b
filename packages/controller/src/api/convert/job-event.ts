import type { JobEvent, JobFailure, JobResult } from "@switchyard/model";
import type {
  JobEvent as ProtoJobEvent,
  JobFailure as ProtoJobFailure,
  JobResult as ProtoJobResult,
} from "@switchyard/proto";
import { jobName } from "../validation/names.ts";
import { GUARD_OUTCOME, JOB_STATE } from "./enums.ts";
import { toProtoStep } from "./step.ts";

export const toProtoFailure = (failure: JobFailure): ProtoJobFailure => ({
  reason: failure.reason,
  message: failure.message,
  metadata: { ...failure.metadata },
  step: failure.step ?? "",
});

export const toProtoResult = (result: JobResult): ProtoJobResult => ({
  changedStepCount: result.changedSteps,
  disk: result.disk && {
    sizeBytes: BigInt(result.disk.sizeBytes),
    sha256: result.disk.sha256,
  },
  ping: result.ping && {
    transmittedCount: result.ping.transmitted,
    receivedCount: result.ping.received,
    rttAvgMs: result.ping.rttAvgMs,
  },
  leftState: result.leftState ?? "",
});

function toProtoBody(body: JobEvent["body"]): NonNullable<ProtoJobEvent["body"]> {
  switch (body.kind) {
    case "accepted":
      return { $case: "accepted", value: { bootId: body.bootId } };
    case "planned":
      return { $case: "planned", value: { steps: body.steps.map(toProtoStep) } };
    case "step-started":
      return {
        $case: "stepStarted",
        value: { step: body.step, title: body.title, spanId: body.span ?? "" },
      };
    case "command": {
      const { argv, exitCode, durationMs, outputDigest, stderrTail } = body.command;
      return {
        $case: "command",
        value: { step: body.step, argv: [...argv], exitCode, durationMs, outputDigest, stderrTail },
      };
    }
    case "step-finished":
      return { $case: "stepFinished", value: { step: body.step, changed: body.changed } };
    case "step-undone":
      return { $case: "stepUndone", value: { step: body.step } };
    case "step-guarded": {
      const { step, outcome, detail } = body;
      return { $case: "stepGuarded", value: { step, outcome: GUARD_OUTCOME[outcome], detail } };
    }
    case "log":
      return { $case: "log", value: { step: body.step, line: body.line } };
    case "ended":
      return {
        $case: "ended",
        value: {
          state: JOB_STATE[body.state],
          result: toProtoResult(body.result),
          failure: body.failure && toProtoFailure(body.failure),
        },
      };
    case "rejected-stale":
      return { $case: "rejectedStale", value: { acceptedEpoch: BigInt(body.acceptedEpoch) } };
    case "events-dropped":
      return { $case: "eventsDropped", value: { firstSeq: BigInt(body.firstSeq) } };
  }
}

export const toProtoJobEvent = (event: JobEvent): ProtoJobEvent => ({
  job: jobName.format(event.job),
  epoch: BigInt(event.epoch),
  seq: BigInt(event.seq),
  time: new Date(event.atMs),
  body: toProtoBody(event.body),
});
