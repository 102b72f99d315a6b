import { LIMITS_OF_ROLLOUT, parseRolloutId } from "@switchyard/model";
import {
  AbortRolloutRequest,
  CreateRolloutRequest,
  PauseRolloutRequest,
  PromoteRolloutRequest,
  ResumeRolloutRequest,
  RollBackRolloutRequest,
  Rollout,
  type RolloutServiceService,
} from "@switchyard/proto";
import type { RolloutRecord, Transaction } from "@switchyard/store";
import { toProtoRollout, toProtoRolloutHost } from "../convert/rollout.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { JsonForm } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { createRollout } from "../rollouts/create-rollout.ts";
import {
  abortRollout,
  pauseRollout,
  promoteRollout,
  resumeRollout,
  rollBackRollout,
  type Steering,
} from "../rollouts/steer-rollout.ts";
import { checkRequestId, checkText } from "../validation/fields.ts";
import { rolloutName } from "../validation/names.ts";
import { readRolloutSpec } from "../validation/rollout.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
import { readName } from "./read-fields.ts";

function readCreate(request: CreateRolloutRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("rollout_id", request.rolloutId, parseRolloutId);
  const spec = readRolloutSpec(request.rollout?.spec, violations.at("rollout.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

/** What all ways of steering a rollout have. */
interface SteeringRequest {
  readonly name: string;
  readonly reason: string;
  readonly requestId: string;
}

function readSteering(request: SteeringRequest): Steering {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("name", request.name, rolloutName.parse);
  checkText(violations, "reason", request.reason, LIMITS_OF_ROLLOUT.reasonLengthMax);
  violations.assertNone();
  return { id: id!, reason: request.reason }; // no violations: it was parsed
}

export function createRolloutService(parts: ApiParts): MethodsOf<typeof RolloutServiceService> {
  const steer = <Req extends SteeringRequest>(
    takes: JsonForm<Req>,
    work: (tx: Transaction, steering: Steering, nowMs: number) => Promise<RolloutRecord>,
  ) =>
    changing(parts, {
      takes,
      gives: Rollout,
      read: readSteering,
      work: async (tx, steering) => toProtoRollout(await work(tx, steering, parts.clock.nowMs())),
    });

  return {
    createRollout: changing(parts, {
      takes: CreateRolloutRequest,
      gives: Rollout,
      read: readCreate,
      work: async (tx, draft) => toProtoRollout(await createRollout(tx, draft)),
    }),
    getRollout: {
      role: "viewer",
      call: async ({ name }) =>
        toProtoRollout(await parts.store.reads.rollouts.get(readName("name", name, rolloutName))),
    },
    listRollouts: {
      role: "viewer",
      call: async (request) => {
        const { items, nextPageToken } = await parts.pager.read(
          request,
          { list: "rollouts" },
          (page) => parts.store.reads.rollouts.list(page),
        );
        return { rollouts: items.map(toProtoRollout), nextPageToken };
      },
    },
    listRolloutHosts: {
      role: "viewer",
      call: async (request) => {
        const rollout = readName("rollout", request.rollout, rolloutName);
        const filter = { list: "rollout-hosts", rollout };
        await parts.store.reads.rollouts.get(rollout);
        const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
          parts.store.reads.rollouts.listHosts({ ...page, rollout }),
        );
        return { hosts: items.map(toProtoRolloutHost), nextPageToken };
      },
    },
    pauseRollout: steer(PauseRolloutRequest, pauseRollout),
    resumeRollout: steer(ResumeRolloutRequest, resumeRollout),
    promoteRollout: steer(PromoteRolloutRequest, promoteRollout),
    abortRollout: steer(AbortRolloutRequest, abortRollout),
    rollBackRollout: steer(RollBackRolloutRequest, rollBackRollout),
    watchRollouts: watching(parts, {
      kind: "rollouts",
      from: (reads) => reads.rollouts,
      show: (rollout) => ({ rollout: toProtoRollout(rollout) }),
    }),
  };
}
