import type { DatapathSpec, HostProfileSpec, Ipv4Range, UplinkSelector } from "@switchyard/model";
import {
  type Datapath,
  DatapathMode,
  DriftPolicy,
  type ProfileSpec,
  type Ipv4Range as ProtoIpv4Range,
} from "@switchyard/proto";
import { toProtoDriverSpec } from "./driver.ts";
import { toProtoVirtualizationSpec } from "./virtualization.ts";

function toProtoUplink(uplink: UplinkSelector): NonNullable<Datapath["uplink"]> {
  switch (uplink.kind) {
    case "port":
      return { $case: "uplinkPort", value: uplink.port };
    case "address":
      return { $case: "uplinkPciAddress", value: uplink.pciAddress };
  }
}

const toProtoRange = (range: Ipv4Range): ProtoIpv4Range => ({ ...range });

const toProtoDatapath = (datapath: DatapathSpec): Datapath => ({
  mode: DatapathMode.VDPA,
  uplink: toProtoUplink(datapath.uplink),
  vfCount: datapath.vfCount,
  maxVqp: datapath.maxVqp,
  bridge: {
    name: datapath.bridge.name,
    addressRange: datapath.bridge.addressRange && toProtoRange(datapath.bridge.addressRange),
    isAdopted: datapath.bridge.isAdopted ?? false,
  },
  hwOffload: datapath.hwOffload,
});

const DRIFT_POLICY = {
  report: DriftPolicy.REPORT,
  enforce: DriftPolicy.ENFORCE,
} as const;

export const toProtoProfileSpec = (spec: HostProfileSpec): ProfileSpec => ({
  selector: { ...spec.selector },
  datapath: toProtoDatapath(spec.datapath),
  driftPolicy: DRIFT_POLICY[spec.driftPolicy ?? "report"],
  driver: spec.driver && toProtoDriverSpec(spec.driver),
  virtualization: spec.virtualization && toProtoVirtualizationSpec(spec.virtualization),
});
