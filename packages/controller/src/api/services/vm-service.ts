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
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { deleteVm } from "../vms/delete-vm.ts";
import { getVmWithGuest } from "../vms/get-vm.ts";
import { pingFromVm } from "../vms/ping-from-vm.ts";
import { updateVm } from "../vms/update-vm.ts";
import { chooseVm, workOnVm } from "../vms/work-on-vm.ts";
import { changing, watching } from "./methods.ts";
import { readHostFilter, readName, readVersioned } from "./read-fields.ts";
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
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.reads.vms.list({ ...page, host }),
      );
      return { vms: items.map((vm) => toProtoVm(vm)), nextPageToken };
    },
  },
  deleteVm: changing(parts, {
    takes: DeleteVmRequest,
    gives: Vm,
    read: (request) => readVersioned(request, vmName),
    work: async (tx, which) => toProtoVm(await deleteVm(parts, tx, which)),
  }),
  startVm: changing(parts, {
    takes: StartVmRequest,
    gives: Vm,
    read: (request) => readVersioned(request, vmName),
    work: async (tx, which) => {
      const vm = await chooseVm(tx, which);
      await refuseRestored(parts.brake, tx);
      return toProtoVm(await workOnVm(parts, tx, { kind: "start-vm", vm }));
    },
  }),
  stopVm: changing(parts, {
    takes: StopVmRequest,
    gives: Vm,
    read: readStop,
    work: async (tx, { gracePeriodMs, ...which }) => {
      const vm = await chooseVm(tx, which);
      return toProtoVm(await workOnVm(parts, tx, { kind: "stop-vm", vm, gracePeriodMs }));
    },
  }),
  rebootVm: changing(parts, {
    takes: RebootVmRequest,
    gives: Vm,
    read: readStop,
    work: async (tx, { gracePeriodMs, ...which }) => {
      const vm = await chooseVm(tx, which);
      await refuseRestored(parts.brake, tx);
      return toProtoVm(await workOnVm(parts, tx, { kind: "reboot-vm", vm, gracePeriodMs }));
    },
  }),
  updateVm: changing(parts, {
    takes: UpdateVmRequest,
    gives: Vm,
    read: readUpdate,
    work: async (tx, update) => toProtoVm(await updateVm(tx, update)),
  }),
  pingFromVm: changing(parts, {
    takes: PingFromVmRequest,
    gives: Job,
    read: readPing,
    work: async (tx, ping) => toProtoJob(await pingFromVm(parts, tx, ping)),
  }),
  watchVms: watching(parts, {
    kind: "vms",
    from: (reads) => reads.vms,
    show: (vm) => ({ vm: toProtoVm(vm) }),
  }),
});
