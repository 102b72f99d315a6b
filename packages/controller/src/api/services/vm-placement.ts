import type { VmId } from "@switchyard/model";
import { explainPlacement, type PlaceVerdict } from "@switchyard/planner";
import {
  BatchCreateVmsRequest,
  BatchCreateVmsResponse,
  BatchFit,
  CreateVmRequest,
  type ExplainPlacementRequest,
  Vm,
  type VmServiceService,
} from "@switchyard/proto";
import type { VmRecord } from "@switchyard/store";
import type { PlaceCall, PlacedVms } from "../../placement/place-call.ts";
import { prepareDraft, type VmDraft } from "../../placement/plan-drafts.ts";
import { refuseRestored } from "../../reconcilers/freeze/refuse-restored.ts";
import { toProtoReport } from "../convert/placement.ts";
import { toProtoVm } from "../convert/vm.ts";
import type { CallContext } from "../interceptors/call-context.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { requestKeyOf } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { readBatch, readCreate } from "./vm-requests.ts";

interface PlacingRequest {
  readonly requestId: string;
  readonly validateOnly: boolean;
}

/** The call as the placer takes it. */
function callOf<Request extends PlacingRequest>(
  context: CallContext,
  request: Request,
  from: {
    readonly requestType: { toJSON(message: Request): unknown; fromJSON(json: unknown): Request };
    readonly drafts: readonly VmDraft[];
    readonly isPartial: boolean;
    readonly answerOf: (placed: PlacedVms) => unknown;
  },
): PlaceCall {
  const { requestType, ...rest } = from;
  return {
    actor: context.caller.name,
    requestId: request.requestId === "" ? context.callId : request.requestId,
    traceparent: context.traceparent,
    request: requestKeyOf({ context, request, requestType }),
    ...rest,
  };
}

async function run(parts: ApiParts, call: PlaceCall, isDryRun: boolean): Promise<unknown> {
  if (isDryRun) return parts.placer.rehearse(call);
  await refuseRestored(parts.brake, parts.store.reads);
  return parts.placer.place(call);
}

/** What every host says to the VM, on a view that is as new as the call. */
async function explain(parts: ApiParts, draft: VmDraft): Promise<readonly PlaceVerdict[]> {
  const { fleetView } = parts;
  await fleetView.catchUp();
  const { needs } = await prepareDraft(fleetView, draft);
  return explainPlacement({ needs, candidates: fleetView.roster().candidates });
}

const vmJson = ({ vms: [vm] }: { readonly vms: readonly VmRecord[] }): unknown =>
  vm && Vm.toJSON(toProtoVm(vm));

async function createVm(
  parts: ApiParts,
  request: CreateVmRequest,
  context: CallContext,
): Promise<Vm> {
  const draft = readCreate(request);
  const call = callOf(context, request, {
    requestType: CreateVmRequest,
    drafts: [draft],
    isPartial: false,
    answerOf: vmJson,
  });
  // Asked before the rehearsal, on the same fleet: what it takes is not on the view.
  const verdicts = request.validateOnly ? await explain(parts, draft) : undefined;
  const vm = Vm.fromJSON(await run(parts, call, request.validateOnly));
  return verdicts === undefined ? vm : { ...vm, placement: toProtoReport(verdicts) };
}

async function batchCreateVms(
  parts: ApiParts,
  request: BatchCreateVmsRequest,
  context: CallContext,
): Promise<BatchCreateVmsResponse> {
  const drafts = readBatch(request);
  const call = callOf(context, request, {
    requestType: BatchCreateVmsRequest,
    drafts,
    isPartial: request.fit === BatchFit.AS_MANY_AS_FIT,
    answerOf: ({ vms, unplaced }) =>
      BatchCreateVmsResponse.toJSON({
        vms: vms.map((vm) => toProtoVm(vm)),
        unplacedVmIds: unplaced.map(({ id }) => id),
        unplacedReport: undefined,
      }),
  });
  const answer = BatchCreateVmsResponse.fromJSON(await run(parts, call, request.validateOnly));
  const unplaced = draftOf(drafts, answer.unplacedVmIds[0]);
  if (unplaced === undefined) return answer;
  return { ...answer, unplacedReport: toProtoReport(await explain(parts, unplaced)) };
}

const draftOf = (drafts: readonly VmDraft[], id: string | undefined): VmDraft | undefined =>
  drafts.find((draft) => draft.id === (id as VmId | undefined));

/** The methods that place VMs. */
export const createVmPlacement = (
  parts: ApiParts,
): Pick<
  MethodsOf<typeof VmServiceService>,
  "createVm" | "batchCreateVms" | "explainPlacement"
> => ({
  createVm: {
    role: "operator",
    call: (request, context) => createVm(parts, request, context),
  },
  batchCreateVms: {
    role: "operator",
    call: (request, context) => batchCreateVms(parts, request, context),
  },
  explainPlacement: {
    role: "viewer",
    call: async (request: ExplainPlacementRequest) =>
      toProtoReport(await explain(parts, readCreate(request))),
  },
});
