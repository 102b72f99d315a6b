import { parseIpv4Address, parseVmId } from "@switchyard/model";
import {
  CreateVmRequest,
  DeleteVmRequest,
  Job,
  PingFromVmRequest,
  Vm,
  type VmServiceService,
} from "@switchyard/proto";
import { toProtoJob } from "../convert/job.ts";
import { toProtoVm } from "../convert/vm.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { checkInteger, checkRequestId } from "../validation/fields.ts";
import { vmName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { readVmSpec } from "../validation/vm.ts";
import { createVm } from "../vms/create-vm.ts";
import { deleteVm } from "../vms/delete-vm.ts";
import { pingFromVm } from "../vms/ping-from-vm.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readHostFilter, readName, readNamed } from "./read-fields.ts";

const PING_COUNT_DEFAULT = 3;
const PING_COUNT_MAX = 100;

function readCreate(request: CreateVmRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("vm_id", request.vmId, parseVmId);
  const spec = readVmSpec(request.vm?.spec, violations.at("vm.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

function readPing(request: PingFromVmRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const vm = violations.parse("name", request.name, vmName.parse);
  const target = violations.parse("target", request.target, parseIpv4Address);
  checkInteger(violations, "count", { value: request.count, min: 0, max: PING_COUNT_MAX });
  violations.assertNone();
  const count = request.count === 0 ? PING_COUNT_DEFAULT : request.count;
  return { vm: vm!, target: target!, count }; // no violations: both were read
}

export const createVmService = (parts: ApiParts): MethodsOf<typeof VmServiceService> => ({
  createVm: {
    role: "operator",
    call: async (request, context) => {
      const draft = readCreate(request);
      return mutate(parts, {
        context,
        request,
        requestType: CreateVmRequest,
        responseType: Vm,
        work: async (tx) => toProtoVm(await createVm(parts, tx, draft)),
      });
    },
  },
  getVm: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoVm(await parts.store.reads.vms.get(readName("name", name, vmName))),
  },
  listVms: {
    role: "viewer",
    call: async (request) => {
      const host = readHostFilter(request.host);
      const filter = { list: "vms", host };
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.vms.list({ ...page, host });
      return { vms: items.map(toProtoVm), nextPageToken: parts.pager.tokenOf(next, filter) };
    },
  },
  deleteVm: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, vmName);
      return mutate(parts, {
        context,
        request,
        requestType: DeleteVmRequest,
        responseType: Vm,
        work: async (tx) => toProtoVm(await deleteVm(parts, tx, { id, etag: request.etag })),
      });
    },
  },
  pingFromVm: {
    role: "operator",
    call: async (request, context) => {
      const ping = readPing(request);
      return mutate(parts, {
        context,
        request,
        requestType: PingFromVmRequest,
        responseType: Job,
        work: async (tx) => toProtoJob(await pingFromVm(parts, tx, ping)),
      });
    },
  },
  watchVms: {
    role: "viewer",
    stream: async function* ({ resumeToken }, context) {
      const items = watchRecords(parts, {
        context,
        kind: "vms",
        resumeToken,
        filter: {},
        list: (reads) => listAll((page) => reads.vms.list(page), SNAPSHOT_MAX),
      });
      yield* toWatchEvents(items, (item) => ({ vm: toProtoVm(item) }));
    },
  },
});
