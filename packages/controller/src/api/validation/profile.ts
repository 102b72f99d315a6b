import {
  type DatapathSpec,
  type HostProfileSpec,
  type Ipv4Range,
  ipv4ToNumber,
  LIMITS_OF_PROFILE,
  type DriftPolicy as ModelDriftPolicy,
  networkNumber,
  PlanningError,
  parseIpv4Address,
  parsePciAddress,
  type UplinkSelector,
  withPrefix,
} from "@switchyard/model";
import {
  type BridgeSpec,
  type Datapath,
  DatapathMode,
  DriftPolicy,
  type ProfileSpec,
  type Ipv4Range as ProtoIpv4Range,
} from "@switchyard/proto";
import { readDriver } from "./driver.ts";
import { checkInteger, checkLabels } from "./fields.ts";
import type { Violations } from "./violations.ts";
import { readVirtualization } from "./virtualization.ts";

/** As the kernel's dev_valid_name, less what OVS does not take. */
const NETDEV_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

const PORT_MAX = 63;
const PREFIX_MIN = 8;
const PREFIX_MAX = 30;

export function checkBridgeName(name: string, violations: Violations, field: string): void {
  violations.check(
    NETDEV_NAME.test(name),
    field,
    `must be 1 to ${LIMITS_OF_PROFILE.bridgeNameLengthMax} letters, digits and . _ -`,
  );
}

function readRange(range: ProtoIpv4Range, violations: Violations): Ipv4Range | undefined {
  const first = violations.parse("first", range.first, parseIpv4Address);
  const last = violations.parse("last", range.last, parseIpv4Address);
  const { prefixLength } = range;
  checkInteger(violations, "prefix_length", {
    value: prefixLength,
    min: PREFIX_MIN,
    max: PREFIX_MAX,
  });
  if (first === undefined || last === undefined) return undefined;
  const isOrdered = ipv4ToNumber(first) <= ipv4ToNumber(last);
  violations.check(isOrdered, "last", `${last} comes before first ${first}`);
  const isOneSubnet =
    networkNumber(withPrefix(first, prefixLength)) ===
    networkNumber(withPrefix(last, prefixLength));
  violations.check(isOneSubnet, "last", `${last} is not in the /${prefixLength} of ${first}`);
  return { first, last, prefixLength };
}

function readUplink(datapath: Datapath, violations: Violations): UplinkSelector | undefined {
  switch (datapath.uplink?.$case) {
    case "uplinkPort": {
      const port = datapath.uplink.value;
      checkInteger(violations, "uplink_port", { value: port, min: 0, max: PORT_MAX });
      return { kind: "port", port };
    }
    case "uplinkPciAddress": {
      const address = datapath.uplink.value;
      const pciAddress = violations.parse("uplink_pci_address", address, parsePciAddress);
      return pciAddress && { kind: "address", pciAddress };
    }
    case undefined:
      violations.add("uplink_port", "one of uplink_port and uplink_pci_address is required");
      return undefined;
  }
}

function readBridge(
  bridge: BridgeSpec | undefined,
  violations: Violations,
): DatapathSpec["bridge"] | undefined {
  if (bridge === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  checkBridgeName(bridge.name, violations, "name");
  const range = bridge.addressRange;
  return {
    name: bridge.name,
    addressRange:
      range === undefined ? undefined : readRange(range, violations.at("address_range")),
    ...(bridge.isAdopted && { isAdopted: true }),
  };
}

function readDatapath(datapath: Datapath, violations: Violations): DatapathSpec | undefined {
  const isKnownMode = datapath.mode === DatapathMode.VDPA || datapath.mode === DatapathMode.SRIOV;
  violations.check(isKnownMode, "mode", "is required");
  const uplink = readUplink(datapath, violations);
  const { vfCount, maxVqp, hwOffload } = datapath;
  checkInteger(violations, "vf_count", {
    value: vfCount,
    min: 1,
    max: LIMITS_OF_PROFILE.vfCountMax,
  });
  checkInteger(violations, "max_vqp", { value: maxVqp, min: 1, max: LIMITS_OF_PROFILE.maxVqpMax });
  const bridge = readBridge(datapath.bridge, violations.at("bridge"));
  if (uplink === undefined || bridge === undefined) return undefined;
  return { mode: "vdpa", uplink, vfCount, maxVqp, bridge, hwOffload };
}

const DRIFT_POLICIES: ReadonlyMap<DriftPolicy, ModelDriftPolicy> = new Map([
  [DriftPolicy.UNSPECIFIED, "report"],
  [DriftPolicy.REPORT, "report"],
  [DriftPolicy.ENFORCE, "enforce"],
]);

/**
 * The profile's spec as the model has it; undefined when a violation was added.
 *
 * @throws PlanningError MODE_UNSUPPORTED for a spec that is valid but for its mode
 */
export function readProfileSpec(
  spec: ProfileSpec | undefined,
  violations: Violations,
): HostProfileSpec | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  checkLabels(spec.selector, violations, "selector");
  const driftPolicy = DRIFT_POLICIES.get(spec.driftPolicy);
  violations.check(driftPolicy !== undefined, "drift_policy", "must be REPORT or ENFORCE");
  if (spec.datapath === undefined) {
    violations.add("datapath", "is required");
    return undefined;
  }
  const datapath = readDatapath(spec.datapath, violations.at("datapath"));
  const driver = spec.driver && readDriver(spec.driver, violations.at("driver"));
  const virtualization =
    spec.virtualization && readVirtualization(spec.virtualization, violations.at("virtualization"));
  if (datapath === undefined || !violations.isEmpty()) return undefined;
  if (spec.datapath.mode === DatapathMode.SRIOV) {
    throw new PlanningError("MODE_UNSUPPORTED", "datapath mode sriov is not supported", {
      found: "sriov",
      needs: "vdpa",
    });
  }
  return {
    selector: spec.selector,
    datapath,
    ...(driftPolicy === "enforce" && { driftPolicy }),
    ...(driver !== undefined && { driver }),
    ...(virtualization !== undefined && { virtualization }),
  };
}
