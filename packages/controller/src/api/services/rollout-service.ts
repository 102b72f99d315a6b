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
import type { CallContext } from "../interceptors/call-context.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
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
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
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
    requestType: { toJSON(message: Req): unknown; fromJSON(json: unknown): Req },
    work: (tx: Transaction, steering: Steering) => Promise<RolloutRecord>,
  ) => ({
    role: "operator" as const,
    call: async (request: Req, context: CallContext) => {
      const steering = readSteering(request);
      return mutate(parts, {
        context,
        request,
        requestType,
        responseType: Rollout,
        work: async (tx) => toProtoRollout(await work(tx, steering)),
      });
    },
  });

  return {
    createRollout: {
      role: "operator",
      call: async (request, context) => {
        const draft = readCreate(request);
        return mutate(parts, {
          context,
          request,
          requestType: CreateRolloutRequest,
          responseType: Rollout,
          work: async (tx) => toProtoRollout(await createRollout(tx, draft)),
        });
      },
    },
    getRollout: {
      role: "viewer",
      call: async ({ name }) =>
        toProtoRollout(await parts.store.reads.rollouts.get(readName("name", name, rolloutName))),
    },
    listRollouts: {
      role: "viewer",
      call: async (request) => {
        const filter = { list: "rollouts" };
        const page = parts.pager.pageOf(request, filter);
        const { items, next } = await parts.store.reads.rollouts.list(page);
        return {
          rollouts: items.map(toProtoRollout),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    listRolloutHosts: {
      role: "viewer",
      call: async (request) => {
        const rollout = readName("rollout", request.rollout, rolloutName);
        const filter = { list: "rollout-hosts", rollout };
        const page = parts.pager.pageOf(request, filter);
        await parts.store.reads.rollouts.get(rollout);
        const { items, next } = await parts.store.reads.rollouts.listHosts({ ...page, rollout });
        return {
          hosts: items.map(toProtoRolloutHost),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    pauseRollout: steer(PauseRolloutRequest, pauseRollout),
    resumeRollout: steer(ResumeRolloutRequest, resumeRollout),
    promoteRollout: steer(PromoteRolloutRequest, (tx, steering) =>
      promoteRollout(tx, steering, parts.clock.nowMs()),
    ),
    abortRollout: steer(AbortRolloutRequest, abortRollout),
    rollBackRollout: steer(RollBackRolloutRequest, rollBackRollout),
    watchRollouts: {
      role: "viewer",
      stream: async function* ({ resumeToken }, context) {
        const items = watchRecords(parts, {
          context,
          kind: "rollouts",
          resumeToken,
          filter: {},
          list: (reads) => listAll((page) => reads.rollouts.list(page), SNAPSHOT_MAX),
        });
        yield* toWatchEvents(items, (item) => ({ rollout: toProtoRollout(item) }));
      },
    },
  };
}
