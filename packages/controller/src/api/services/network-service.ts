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
import { createNetwork } from "../networks/create-network.ts";
import { type NetworkChange, updateNetwork } from "../networks/update-network.ts";
import type { ApiParts } from "../parts.ts";
import { checkRequestId } from "../validation/fields.ts";
import { networkName } from "../validation/names.ts";
import { readNetworkSpec } from "../validation/network.ts";
import { checkNetworkMask } from "../validation/network-mask.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
import { readName, readVersioned } from "./read-fields.ts";

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
  createNetwork: changing(parts, {
    takes: CreateNetworkRequest,
    gives: Network,
    read: readCreate,
    work: async (tx, draft) => toProtoNetwork(await createNetwork(tx, draft)),
  }),
  getNetwork: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoNetwork(await parts.store.reads.networks.get(readName("name", name, networkName))),
  },
  listNetworks: {
    role: "viewer",
    call: async (request) => {
      const { items, nextPageToken } = await parts.pager.read(
        request,
        { list: "networks" },
        (page) => parts.store.reads.networks.list(page),
      );
      return { networks: items.map(toProtoNetwork), nextPageToken };
    },
  },
  updateNetwork: changing(parts, {
    takes: UpdateNetworkRequest,
    gives: Network,
    read: readUpdate,
    work: async (tx, change) => toProtoNetwork(await updateNetwork(tx, change)),
  }),
  deleteNetwork: changing(parts, {
    takes: DeleteNetworkRequest,
    gives: Network,
    read: (request) => readVersioned(request, networkName),
    work: async (tx, which) => toProtoNetwork(await tx.networks.remove(which)),
  }),
  watchNetworks: watching(parts, {
    kind: "networks",
    from: (reads) => reads.networks,
    show: (network) => ({ network: toProtoNetwork(network) }),
  }),
});
