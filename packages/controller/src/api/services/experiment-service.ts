import { LIMITS_OF_EXPERIMENT, LIMITS_OF_ROLLOUT, parseExperimentId } from "@switchyard/model";
import {
  CancelExperimentRequest,
  CreateExperimentRequest,
  DeleteExperimentRequest,
  Experiment,
  type ExperimentServiceService,
  type GetRoundOutputRequest,
} from "@switchyard/proto";
import { wordOf } from "../convert/enums.ts";
import { EXPERIMENT_MODE, toProtoExperiment, toProtoResult } from "../convert/experiment.ts";
import { type Cancellation, cancelExperiment } from "../experiments/cancel-experiment.ts";
import { createExperiment } from "../experiments/create-experiment.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { readExperimentSpec } from "../validation/experiment.ts";
import { checkInteger, checkRequestId, checkText } from "../validation/fields.ts";
import { experimentName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readName, readNamed } from "./read-fields.ts";

function readCreate(request: CreateExperimentRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("experiment_id", request.experimentId, parseExperimentId);
  const max = LIMITS_OF_EXPERIMENT.nameLengthMax;
  violations.check(
    request.experimentId.length <= max,
    "experiment_id",
    `must be at most ${max} characters: its VMs are named after it`,
  );
  const asked = readExperimentSpec(request.experiment?.spec, violations.at("experiment.spec"));
  violations.assertNone();
  return { id: id!, asked: asked! }; // no violations: both were read
}

function readCancel(request: CancelExperimentRequest): Cancellation {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("name", request.name, experimentName.parse);
  checkText(violations, "reason", request.reason, LIMITS_OF_ROLLOUT.reasonLengthMax);
  violations.assertNone();
  // No violations: it was parsed.
  return { id: id!, reason: request.reason, abandonsHosts: request.abandonHosts };
}

function readRound(request: GetRoundOutputRequest) {
  const violations = createViolations();
  const id = violations.parse("experiment", request.experiment, experimentName.parse);
  const mode = wordOf(EXPERIMENT_MODE, request.mode);
  violations.check(mode !== undefined, "mode", "is required");
  const { roundsMax: max } = LIMITS_OF_EXPERIMENT;
  checkInteger(violations, "round", { value: request.round, min: 1, max });
  violations.assertNone();
  return { id: id!, key: { mode: mode!, round: request.round } }; // no violations: both were read
}

export function createExperimentService(
  parts: ApiParts,
): MethodsOf<typeof ExperimentServiceService> {
  const { experiments } = parts.store.reads;
  return {
    createExperiment: {
      role: "operator",
      call: async (request, context) => {
        const draft = readCreate(request);
        return mutate(parts, {
          context,
          request,
          requestType: CreateExperimentRequest,
          responseType: Experiment,
          work: async (tx) => toProtoExperiment(await createExperiment(parts, tx, draft)),
        });
      },
    },
    getExperiment: {
      role: "viewer",
      call: async ({ name }) =>
        toProtoExperiment(await experiments.get(readName("name", name, experimentName))),
    },
    getExperimentResult: {
      role: "viewer",
      call: async ({ experiment }) => {
        const id = readName("experiment", experiment, experimentName);
        return toProtoResult(await experiments.get(id), await experiments.listRounds(id));
      },
    },
    getRoundOutput: {
      role: "viewer",
      call: async (request) => {
        const { id, key } = readRound(request);
        const { client, server, ping } = await experiments.getOutput(id, key);
        return { clientOutput: client, serverOutput: server, pingOutput: ping };
      },
    },
    listExperiments: {
      role: "viewer",
      call: async (request) => {
        const filter = { list: "experiments" };
        const page = parts.pager.pageOf(request, filter);
        const { items, next } = await experiments.list(page);
        return {
          experiments: items.map(toProtoExperiment),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    cancelExperiment: {
      role: "operator",
      call: async (request, context) => {
        const cancellation = readCancel(request);
        return mutate(parts, {
          context,
          request,
          requestType: CancelExperimentRequest,
          responseType: Experiment,
          work: async (tx) =>
            toProtoExperiment(await cancelExperiment(parts.clock, tx, cancellation)),
        });
      },
    },
    deleteExperiment: {
      role: "operator",
      call: async (request, context) => {
        const id = readNamed(request, experimentName);
        return mutate(parts, {
          context,
          request,
          requestType: DeleteExperimentRequest,
          responseType: Experiment,
          work: async (tx) => toProtoExperiment(await tx.experiments.delete(id)),
        });
      },
    },
    watchExperiments: {
      role: "viewer",
      stream: async function* ({ resumeToken }, context) {
        const items = watchRecords(parts, {
          context,
          kind: "experiments",
          resumeToken,
          filter: {},
          list: (reads) => listAll((page) => reads.experiments.list(page), SNAPSHOT_MAX),
        });
        yield* toWatchEvents(items, (item) => ({ experiment: toProtoExperiment(item) }));
      },
    },
  };
}
