import {
  DeleteVmRequest,
  Job,
  PingFromVmRequest,
  RebootVmRequest,
  StartVmRequest,
  StopVmRequest,
  UpdateVmRequest,
  Vm,
  type VmServiceService,
} from "@switchyard/proto";
import { refuseRestored } from "../../reconcilers/freeze/refuse-restored.ts";
import { toProtoJob } from "../convert/job.ts";
import { toProtoVm } from "../convert/vm.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { deleteVm } from "../vms/delete-vm.ts";
import { getVmWithGuest } from "../vms/get-vm.ts";
import { pingFromVm } from "../vms/ping-from-vm.ts";
import { updateVm } from "../vms/update-vm.ts";
import { chooseVm, workOnVm } from "../vms/work-on-vm.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readHostFilter, readName, readNamed } from "./read-fields.ts";
import { createVmPlacement } from "./vm-placement.ts";
import { readPing, readStop, readUpdate } from "./vm-requests.ts";
import { createVmSessionMethods } from "./vm-sessions.ts";

export const createVmService = (parts: ApiParts): MethodsOf<typeof VmServiceService> => ({
  ...createVmSessionMethods(parts),
  ...createVmPlacement(parts),
  getVm: {
    role: "viewer",
    call: async ({ name }) => getVmWithGuest(parts.store.reads, readName("name", name, vmName)),
  },
  listVms: {
    role: "viewer",
    call: async (request) => {
      const host = readHostFilter(request.host);
      const filter = { list: "vms", host };
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.vms.list({ ...page, host });
      return {
        vms: items.map((vm) => toProtoVm(vm)),
        nextPageToken: parts.pager.tokenOf(next, filter),
      };
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
  startVm: {
    role: "operator",
    call: async (request, context) => {
      const which = { id: readNamed(request, vmName), etag: request.etag };
      return mutate(parts, {
        context,
        request,
        requestType: StartVmRequest,
        responseType: Vm,
        work: async (tx) => {
          const vm = await chooseVm(tx, which);
          await refuseRestored(parts.brake, tx);
          return toProtoVm(await workOnVm(parts, tx, { kind: "start-vm", vm }));
        },
      });
    },
  },
  stopVm: {
    role: "operator",
    call: async (request, context) => {
      const { gracePeriodMs, ...which } = readStop(request);
      return mutate(parts, {
        context,
        request,
        requestType: StopVmRequest,
        responseType: Vm,
        work: async (tx) => {
          const vm = await chooseVm(tx, which);
          return toProtoVm(await workOnVm(parts, tx, { kind: "stop-vm", vm, gracePeriodMs }));
        },
      });
    },
  },
  rebootVm: {
    role: "operator",
    call: async (request, context) => {
      const { gracePeriodMs, ...which } = readStop(request);
      return mutate(parts, {
        context,
        request,
        requestType: RebootVmRequest,
        responseType: Vm,
        work: async (tx) => {
          const vm = await chooseVm(tx, which);
          await refuseRestored(parts.brake, tx);
          return toProtoVm(await workOnVm(parts, tx, { kind: "reboot-vm", vm, gracePeriodMs }));
        },
      });
    },
  },
  updateVm: {
    role: "operator",
    call: async (request, context) => {
      const update = readUpdate(request);
      return mutate(parts, {
        context,
        request,
        requestType: UpdateVmRequest,
        responseType: Vm,
        work: async (tx) => toProtoVm(await updateVm(tx, update)),
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
