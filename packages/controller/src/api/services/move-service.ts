import {
  type HostId,
  type Inventory,
  MOVES_AT_ONCE,
  type MoveMode as ModelMode,
  type VmId,
} from "@switchyard/model";
import { migrationCapability } from "@switchyard/planner";
import {
  CordonHostRequest,
  EvacuateHostRequest,
  EvacuateHostResponse,
  FenceHostRequest,
  FenceHostResponse,
  Host,
  Move,
  MoveMode,
  type MoveServiceService,
  MoveVmRequest,
  RestoreHomeRequest,
  UncordonHostRequest,
} from "@switchyard/proto";
import { newUuid } from "@switchyard/runtime";
import { beginMove } from "../../reconcilers/moves/begin-move.ts";
import { toProtoHost } from "../convert/host.ts";
import { toProtoJob } from "../convert/job.ts";
import { toProtoFailure } from "../convert/job-event.ts";
import { toProtoCapability, toProtoMove } from "../convert/move.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { draftMove } from "../moves/draft-move.ts";
import { type Evacuation, evacuateHost, restoreHome } from "../moves/evacuate.ts";
import { fenceHost } from "../moves/fence.ts";
import { refuseToMove } from "../moves/refuse-to-move.ts";
import { uncordonHost } from "../moves/uncordon.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { checkInteger, checkRequestId, checkText } from "../validation/fields.ts";
import { hostName, moveName, vmName } from "../validation/names.ts";
import { createViolations, type Violations } from "../validation/violations.ts";
import { readHostFilter, readName, readNamed } from "./read-fields.ts";

const REASON_LENGTH_MAX = 200;
/** Looked at for one that a VM could go to. */
const HOSTS_MAX = 200;

function atOnceOf(count: number, violations: Violations): number {
  checkInteger(violations, "parallel_count", { value: count, min: 0, max: MOVES_AT_ONCE.max });
  return count === 0 ? MOVES_AT_ONCE.default : count;
}

function readCordon(request: CordonHostRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const host = violations.parse("name", request.name, hostName.parse);
  checkText(violations, "reason", request.reason, REASON_LENGTH_MAX);
  violations.assertNone();
  return { host: host!, reason: request.reason }; // no violations: it was parsed
}

const MODE: Readonly<Partial<Record<MoveMode, ModelMode>>> = {
  [MoveMode.UNSPECIFIED]: "best",
  [MoveMode.BEST]: "best",
  [MoveMode.LIVE]: "live",
  [MoveMode.COLD]: "cold",
};

function readMove(request: MoveVmRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const vm = violations.parse("vm", request.vm, vmName.parse);
  const target = request.targetHost;
  const wantedHost =
    target === "" ? undefined : violations.parse("target_host", target, hostName.parse);
  const mode = MODE[request.mode];
  violations.check(mode !== undefined, "mode", "is none that this controller knows");
  violations.assertNone();
  return { vm: vm!, wantedHost, mode: mode! }; // no violations: they were parsed
}

function readEvacuate(request: EvacuateHostRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const host = violations.parse("name", request.name, hostName.parse);
  const atOnce = atOnceOf(request.parallelCount, violations);
  const reason = request.reason === "" ? "evacuated" : request.reason;
  checkText(violations, "reason", reason, REASON_LENGTH_MAX);
  const { isFenced, hasNewDisks, validateOnly: isRehearsal } = request;
  violations.check(isFenced || !hasNewDisks, "has_new_disks", "is for the VMs of a fenced host");
  violations.assertNone();
  return { host: host!, atOnce, reason, isFenced, hasNewDisks, isRehearsal }; // no violations: it was parsed
}

function readRestore(request: RestoreHomeRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const host = violations.parse("name", request.name, hostName.parse);
  const atOnce = atOnceOf(request.parallelCount, violations);
  violations.assertNone();
  return { host: host!, atOnce, isRehearsal: request.validateOnly }; // no violations: it was parsed
}

function readFence({ name, requestId, by }: FenceHostRequest) {
  const violations = createViolations();
  checkRequestId(requestId, violations);
  const host = violations.parse("name", name, hostName.parse);
  violations.check(by !== undefined, "by", "power or operator is required");
  const word = by?.$case === "operator" ? by.value.reason : undefined;
  if (word !== undefined) checkText(violations, "operator.reason", word, REASON_LENGTH_MAX);
  const asked = by?.$case === "power" ? by.value.byHost : "";
  const byHost =
    asked === "" ? undefined : violations.parse("power.by_host", asked, hostName.parse);
  violations.assertNone();
  return { host: host!, word, byHost }; // no violations: it was parsed
}

const toProtoEvacuation = ({ moves, staying }: Evacuation): EvacuateHostResponse => ({
  moves: moves.map(toProtoMove),
  staying: staying.map(({ vm, failure }) => ({
    vm: vmName.format(vm),
    failure: toProtoFailure(failure),
  })),
});

/** Of ready hosts but the VM's own: where it could go, room aside. */
async function otherInventories(
  hosts: ApiParts["store"]["reads"]["hosts"],
  own: HostId,
): Promise<readonly Inventory[]> {
  const all = await listAll((page) => hosts.list(page), HOSTS_MAX);
  return all.flatMap(({ id, state, inventory }) =>
    id !== own && state === "ready" ? (inventory ?? []) : [],
  );
}

const readVmFilter = (vm: string): VmId | undefined =>
  vm === "" ? undefined : readName("vm", vm, vmName);

export const createMoveService = (parts: ApiParts): MethodsOf<typeof MoveServiceService> => ({
  cordonHost: {
    role: "operator",
    call: async (request, context) => {
      const { host, reason } = readCordon(request);
      return mutate(parts, {
        ...{ context, request, requestType: CordonHostRequest, responseType: Host },
        work: async (tx) => toProtoHost(await tx.hosts.setCordon(host, { reason })),
      });
    },
  },
  uncordonHost: {
    role: "operator",
    call: async (request, context) => {
      const host = readNamed(request, hostName);
      return mutate(parts, {
        ...{ context, request, requestType: UncordonHostRequest, responseType: Host },
        work: async (tx) => toProtoHost(await uncordonHost(tx, host)),
      });
    },
  },
  moveVm: {
    role: "operator",
    call: async (request, context) => {
      const { vm, wantedHost, mode } = readMove(request);
      return mutate(parts, {
        ...{ context, request, requestType: MoveVmRequest, responseType: Move },
        work: async (tx) => {
          const record = await tx.vms.get(vm);
          const batch = newUuid(parts.clock, parts.random);
          const wanted = { cause: "move", wantedHost, mode, batch, atOnce: 1 } as const;
          const move = await beginMove(parts, tx, await draftMove(parts, tx, record, wanted));
          return toProtoMove(refuseToMove(move));
        },
      });
    },
  },
  evacuateHost: {
    role: "operator",
    call: async (request, context) => {
      const wanted = readEvacuate(request);
      return mutate(parts, {
        ...{ context, request, requestType: EvacuateHostRequest },
        responseType: EvacuateHostResponse,
        work: async (tx) => toProtoEvacuation(await evacuateHost(parts, tx, wanted)),
      });
    },
  },
  restoreHome: {
    role: "operator",
    call: async (request, context) => {
      const wanted = readRestore(request);
      return mutate(parts, {
        ...{ context, request, requestType: RestoreHomeRequest },
        responseType: EvacuateHostResponse,
        work: async (tx) => toProtoEvacuation(await restoreHome(parts, tx, wanted)),
      });
    },
  },
  fenceHost: {
    role: "operator",
    call: async (request, context) => {
      const wanted = readFence(request);
      return mutate(parts, {
        ...{ context, request, requestType: FenceHostRequest, responseType: FenceHostResponse },
        work: async (tx) => {
          const { host, job } = await fenceHost(parts, tx, wanted);
          return { host: toProtoHost(host), job: job && toProtoJob(job) };
        },
      });
    },
  },
  getMove: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoMove(await parts.store.reads.moves.get(readName("name", name, moveName))),
  },
  listMoves: {
    role: "viewer",
    call: async (request) => {
      const host = readHostFilter(request.host);
      const vm = readVmFilter(request.vm);
      const { liveOnly } = request;
      const filter = { list: "moves", host: host ?? "", vm: vm ?? "", liveOnly: String(liveOnly) };
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.moves.list({ ...page, host, vm, liveOnly });
      return { moves: items.map(toProtoMove), nextPageToken: parts.pager.tokenOf(next, filter) };
    },
  },
  getMigrationCapability: {
    role: "viewer",
    call: async ({ vm: name }) => {
      const { vms, hosts } = parts.store.reads;
      const { id, spec, allocation } = await vms.get(readName("vm", name, vmName));
      const host = (await hosts.find(allocation.host))?.inventory;
      const others = await otherInventories(hosts, allocation.host);
      const facts = { spec, nics: allocation.nics, host, others };
      return toProtoCapability(id, migrationCapability(facts));
    },
  },
});
