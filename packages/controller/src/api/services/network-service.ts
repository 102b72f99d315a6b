import { parseNetworkId } from "@switchyard/model";
import {
  CreateNetworkRequest,
  DeleteNetworkRequest,
  Network,
  type NetworkServiceService,
  UpdateNetworkRequest,
} from "@switchyard/proto";
import { toProtoNetwork } from "../convert/network.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import { createNetwork } from "../networks/create-network.ts";
import { type NetworkChange, updateNetwork } from "../networks/update-network.ts";
import type { ApiParts } from "../parts.ts";
import { checkRequestId } from "../validation/fields.ts";
import { networkName } from "../validation/names.ts";
import { readNetworkSpec } from "../validation/network.ts";
import { checkNetworkMask } from "../validation/network-mask.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readName, readNamed } from "./read-fields.ts";

function readCreate(request: CreateNetworkRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("network_id", request.networkId, parseNetworkId);
  const spec = readNetworkSpec(request.network?.spec, violations.at("network.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

function readUpdate(request: UpdateNetworkRequest): NetworkChange {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const { network, updateMask: mask = [] } = request;
  const id = violations.parse("network.name", network?.name ?? "", networkName.parse);
  violations.check(network?.spec !== undefined, "network.spec", "is required");
  checkNetworkMask(mask, violations);
  violations.assertNone();
  return { id: id!, etag: network!.etag, wish: network!.spec!, mask }; // no violations: all are there
}

export const createNetworkService = (parts: ApiParts): MethodsOf<typeof NetworkServiceService> => ({
  createNetwork: {
    role: "operator",
    call: async (request, context) => {
      const draft = readCreate(request);
      return mutate(parts, {
        context,
        request,
        requestType: CreateNetworkRequest,
        responseType: Network,
        work: async (tx) => toProtoNetwork(await createNetwork(tx, draft)),
      });
    },
  },
  getNetwork: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoNetwork(await parts.store.reads.networks.get(readName("name", name, networkName))),
  },
  listNetworks: {
    role: "viewer",
    call: async (request) => {
      const filter = { list: "networks" };
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.networks.list(page);
      return {
        networks: items.map(toProtoNetwork),
        nextPageToken: parts.pager.tokenOf(next, filter),
      };
    },
  },
  updateNetwork: {
    role: "operator",
    call: async (request, context) => {
      const change = readUpdate(request);
      return mutate(parts, {
        context,
        request,
        requestType: UpdateNetworkRequest,
        responseType: Network,
        work: async (tx) => toProtoNetwork(await updateNetwork(tx, change)),
      });
    },
  },
  deleteNetwork: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, networkName);
      return mutate(parts, {
        context,
        request,
        requestType: DeleteNetworkRequest,
        responseType: Network,
        work: async (tx) => toProtoNetwork(await tx.networks.remove({ id, etag: request.etag })),
      });
    },
  },
  watchNetworks: {
    role: "viewer",
    stream: async function* ({ resumeToken }, context) {
      const items = watchRecords(parts, {
        context,
        kind: "networks",
        resumeToken,
        filter: {},
        list: (reads) => listAll((page) => reads.networks.list(page), SNAPSHOT_MAX),
      });
      yield* toWatchEvents(items, (item) => ({ network: toProtoNetwork(item) }));
    },
  },
});
