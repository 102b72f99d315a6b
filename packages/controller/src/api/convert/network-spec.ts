import type { NetworkSpec } from "@switchyard/model";
import type { NetworkSpec as ProtoNetworkSpec } from "@switchyard/proto";

export const toProtoNetworkSpec = (spec: NetworkSpec): ProtoNetworkSpec => ({
  bridge: spec.bridge,
  subnet: spec.subnet,
  ipPool: { ...spec.ipPool },
  macPool: { ...spec.macPool },
});
