import type { NetworkSpec, RateLimit } from "@switchyard/model";
import type {
  NetworkSpec as ProtoNetworkSpec,
  RateLimit as ProtoRateLimit,
} from "@switchyard/proto";
import { vmName } from "../validation/names.ts";

const toProtoRateLimit = ({ bitsPerSecond, burstBits }: RateLimit): ProtoRateLimit => ({
  bitsPerSecond: BigInt(bitsPerSecond),
  burstBits: BigInt(burstBits),
});

export const toProtoNetworkSpec = (spec: NetworkSpec): ProtoNetworkSpec => ({
  bridge: spec.bridge,
  subnet: spec.subnet,
  ipPool: { ...spec.ipPool },
  macPool: { ...spec.macPool },
  vlan: spec.vlan ?? 0,
  mtuBytes: spec.mtu,
  antiSpoof: spec.hasAntiSpoof,
  sendLimit: spec.sendLimit && toProtoRateLimit(spec.sendLimit),
  receiveLimit: spec.receiveLimit && toProtoRateLimit(spec.receiveLimit),
  reservations: spec.reservations.map(({ address, vm }) => ({
    address,
    vm: vm === undefined ? "" : vmName.format(vm),
  })),
});
