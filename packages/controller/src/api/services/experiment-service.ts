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
import type { ApiParts } from "../parts.ts";
import { readExperimentSpec } from "../validation/experiment.ts";
import { checkInteger, checkRequestId, checkText } from "../validation/fields.ts";
import { experimentName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
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
    createExperiment: changing(parts, {
      takes: CreateExperimentRequest,
      gives: Experiment,
      read: readCreate,
      work: async (tx, draft) => toProtoExperiment(await createExperiment(parts, tx, draft)),
    }),
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
        const { items, nextPageToken } = await parts.pager.read(
          request,
          { list: "experiments" },
          (page) => experiments.list(page),
        );
        return { experiments: items.map(toProtoExperiment), nextPageToken };
      },
    },
    cancelExperiment: changing(parts, {
      takes: CancelExperimentRequest,
      gives: Experiment,
      read: readCancel,
      work: async (tx, cancellation) =>
        toProtoExperiment(await cancelExperiment(parts.clock, tx, cancellation)),
    }),
    deleteExperiment: changing(parts, {
      takes: DeleteExperimentRequest,
      gives: Experiment,
      read: (request) => readNamed(request, experimentName),
      work: async (tx, id) => toProtoExperiment(await tx.experiments.delete(id)),
    }),
    watchExperiments: watching(parts, {
      kind: "experiments",
      from: (reads) => reads.experiments,
      show: (experiment) => ({ experiment: toProtoExperiment(experiment) }),
    }),
  };
}
