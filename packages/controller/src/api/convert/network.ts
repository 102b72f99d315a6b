import type { Network } from "@switchyard/proto";
import type { NetworkRecord } from "@switchyard/store";
import { networkName } from "../validation/names.ts";
import { toProtoNetworkSpec } from "./network-spec.ts";

export const toProtoNetwork = (network: NetworkRecord): Network => ({
  name: networkName.format(network.id),
  uid: network.uid,
  etag: network.etag,
  createTime: new Date(network.createdAtMs),
  spec: toProtoNetworkSpec(network.spec),
  allocatedAddressCount: network.allocatedAddressCount,
});
