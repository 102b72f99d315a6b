import type { DatapathMode as ModelDatapathMode } from "@switchyard/model";
import {
  DatapathMode,
  Host,
  type HostServiceService,
  Plan,
  SetDatapathModeRequest,
  UpdateHostRequest,
} from "@switchyard/proto";
import { toProtoHost } from "../convert/host.ts";
import { toProtoPlan } from "../convert/plan.ts";
import { hasLabels } from "../hosts/labels.ts";
import { refuseLeased } from "../hosts/refuse-leased.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { awaitFreshInventory } from "../plans/fresh-inventory.ts";
import { setDatapathMode } from "../plans/set-datapath-mode.ts";
import { checkLabels, checkRequestId } from "../validation/fields.ts";
import { hostName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { changing } from "./methods.ts";
import { readName, readSelector } from "./read-fields.ts";

/** Paths an update mask may name; an empty mask means all of them. */
const MUTABLE_PATHS: readonly string[] = ["labels", "*"];

function readUpdate(request: UpdateHostRequest) {
  const violations = createViolations();
  const { host } = request;
  checkRequestId(request.requestId, violations);
  const name = violations.parse("host.name", host?.name ?? "", hostName.parse);
  checkLabels(host?.labels ?? {}, violations, "host.labels");
  for (const path of request.updateMask ?? []) {
    violations.check(MUTABLE_PATHS.includes(path), "update_mask", `"${path}" can't be updated`);
  }
  violations.assertNone();
  return { id: name!, etag: host!.etag, labels: host!.labels }; // no violations: both are there
}

const MODES: ReadonlyMap<DatapathMode, ModelDatapathMode | undefined> = new Map([
  [DatapathMode.UNSPECIFIED, undefined],
  [DatapathMode.VDPA, "vdpa"],
  [DatapathMode.SRIOV, "sriov"],
]);

function readMode(request: SetDatapathModeRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("name", request.name, hostName.parse);
  violations.check(MODES.has(request.mode), "mode", "must be VDPA, SRIOV or UNSPECIFIED");
  violations.assertNone();
  return { id: id!, etag: request.etag, mode: MODES.get(request.mode) }; // no violations: it was parsed
}

export const createHostService = (parts: ApiParts): MethodsOf<typeof HostServiceService> => ({
  getHost: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoHost(await parts.store.reads.hosts.get(readName("name", name, hostName))),
  },
  listHosts: {
    role: "viewer",
    call: async (request) => {
      const selector = readSelector(request.labelSelector);
      const filter = { list: "hosts", selector };
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.reads.hosts.list({ ...page, selector }),
      );
      return { hosts: items.map(toProtoHost), nextPageToken };
    },
  },
  updateHost: changing(parts, {
    takes: UpdateHostRequest,
    gives: Host,
    read: readUpdate,
    work: async (tx, change) => {
      const host = await tx.hosts.updateLabels(change);
      // Labels say which profile is the host's, and an experiment lays its modes over that one.
      refuseLeased(host);
      return toProtoHost(host);
    },
  }),
  setDatapathMode: changing(parts, {
    takes: SetDatapathModeRequest,
    gives: Plan,
    read: readMode,
    before: (wanted) => awaitFreshInventory(parts, wanted.id),
    work: async (tx, wanted) => toProtoPlan(await setDatapathMode(parts, tx, wanted)),
  }),
  watchHosts: {
    role: "viewer",
    stream: async function* (request, context) {
      const selector = readSelector(request.labelSelector);
      const items = watchRecords(parts, {
        context,
        kind: "hosts",
        resumeToken: request.resumeToken,
        filter: selector,
        matches: ({ labels }) => hasLabels(labels, selector),
        list: (reads) => listAll((page) => reads.hosts.list({ ...page, selector }), SNAPSHOT_MAX),
      });
      yield* toWatchEvents(items, (item) => ({ host: toProtoHost(item) }));
    },
  },
});
