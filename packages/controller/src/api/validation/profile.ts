import {
  type BondSpec,
  canonicalJson,
  type DatapathSpec,
  type HostProfileSpec,
  type Ipv4Range,
  ipv4ToNumber,
  LIMITS_OF_PROFILE,
  type BondMode as ModelBondMode,
  type DriftPolicy as ModelDriftPolicy,
  networkNumber,
  parseIpv4Address,
  parsePciAddress,
  type UplinkSelector,
  type VdpaDatapathSpec,
  type VfDriverChoice,
  withPrefix,
} from "@switchyard/model";
import {
  type Bond,
  BondMode,
  type BridgeSpec,
  type Datapath,
  DatapathMode,
  DriftPolicy,
  type PortSelector,
  type ProfileSpec,
  type Ipv4Range as ProtoIpv4Range,
  VfDriver,
} from "@switchyard/proto";
import { readBios } from "./bios.ts";
import { readDriver } from "./driver.ts";
import { checkInteger, checkLabels } from "./fields.ts";
import { readFirmware } from "./firmware.ts";
import { readSystem } from "./system.ts";
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

const BOND_MODES: ReadonlyMap<BondMode, ModelBondMode> = new Map([
  [BondMode.ACTIVE_BACKUP, "active-backup"],
  [BondMode.IEEE_802_3AD, "802.3ad"],
  [BondMode.BALANCE_XOR, "balance-xor"],
]);

/** Ports joined with the uplink: an mlx5 NIC carries bonds of two. */
const JOINED_PORTS = 1;

function readPortSelector(
  { selector }: PortSelector,
  violations: Violations,
): UplinkSelector | undefined {
  switch (selector?.$case) {
    case "port":
      checkInteger(violations, "port", { value: selector.value, min: 0, max: PORT_MAX });
      return { kind: "port", port: selector.value };
    case "pciAddress": {
      const pciAddress = violations.parse("pci_address", selector.value, parsePciAddress);
      return pciAddress && { kind: "address", pciAddress };
    }
    case undefined:
      violations.add("", "one of port and pci_address is required");
      return undefined;
  }
}

function readBond(
  bond: Bond,
  violations: Violations,
  uplink: UplinkSelector | undefined,
): BondSpec | undefined {
  checkBridgeName(bond.name, violations, "name");
  const mode = BOND_MODES.get(bond.mode);
  const modes = "must be ACTIVE_BACKUP, IEEE_802_3AD or BALANCE_XOR";
  violations.check(mode !== undefined, "mode", modes);
  const isPair = bond.ports.length === JOINED_PORTS;
  violations.check(isPair, "ports", "must be exactly one: the port joined with the uplink");
  const ports = bond.ports.flatMap(
    (port, at) => readPortSelector(port, violations.at(`ports[${at}]`)) ?? [],
  );
  const isUplink = ports.some((port) => canonicalJson(port) === canonicalJson(uplink ?? {}));
  violations.check(!isUplink, "ports", "is the uplink itself");
  return mode === undefined || !isPair ? undefined : { name: bond.name, mode, ports };
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
): VdpaDatapathSpec["bridge"] | undefined {
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

const VF_DRIVERS: ReadonlyMap<VfDriver, VfDriverChoice> = new Map([
  [VfDriver.UNSPECIFIED, "auto"],
  [VfDriver.AUTO, "auto"],
  [VfDriver.VFIO_PCI, "vfio-pci"],
  [VfDriver.MLX5_VFIO_PCI, "mlx5_vfio_pci"],
]);

/** What both modes have. */
function readPort(datapath: Datapath, violations: Violations) {
  const uplink = readUplink(datapath, violations);
  const { vfCount } = datapath;
  checkInteger(violations, "vf_count", {
    value: vfCount,
    min: 1,
    max: LIMITS_OF_PROFILE.vfCountMax,
  });
  return { uplink, vfCount };
}

function readVdpa(datapath: Datapath, violations: Violations): DatapathSpec | undefined {
  const { uplink, vfCount } = readPort(datapath, violations);
  const { maxVqp, hwOffload, vfDriver } = datapath;
  checkInteger(violations, "max_vqp", { value: maxVqp, min: 1, max: LIMITS_OF_PROFILE.maxVqpMax });
  const isFree = vfDriver === VfDriver.UNSPECIFIED;
  violations.check(
    isFree,
    "vf_driver",
    "makes no sense in mode vdpa: VFs stay with the NIC's driver",
  );
  const bridge = readBridge(datapath.bridge, violations.at("bridge"));
  const bond = datapath.bond && readBond(datapath.bond, violations.at("bond"), uplink);
  const isTaken = bond !== undefined && bond.name === bridge?.name;
  violations.check(!isTaken, "bond.name", "is the bridge's name too");
  if (uplink === undefined || bridge === undefined) return undefined;
  const spec = { mode: "vdpa", uplink, vfCount, maxVqp, bridge, hwOffload } as const;
  return bond === undefined ? spec : { ...spec, bond };
}

const DRIFT_POLICIES: ReadonlyMap<DriftPolicy, ModelDriftPolicy> = new Map([
  [DriftPolicy.UNSPECIFIED, "report"],
  [DriftPolicy.REPORT, "report"],
  [DriftPolicy.ENFORCE, "enforce"],
]);

function readSriov(datapath: Datapath, violations: Violations): DatapathSpec | undefined {
  const { uplink, vfCount } = readPort(datapath, violations);
  const why = "makes no sense in mode sriov: the NIC switches, without Open vSwitch";
  violations.check(
    datapath.maxVqp === 0,
    "max_vqp",
    "makes no sense in mode sriov: no vDPA devices",
  );
  violations.check(datapath.bridge === undefined, "bridge", why);
  violations.check(!datapath.hwOffload, "hw_offload", why);
  const isAlone = datapath.bond === undefined;
  violations.check(isAlone, "bond", "makes no sense in mode sriov: VF-LAG needs switchdev mode");
  const vfDriver = VF_DRIVERS.get(datapath.vfDriver);
  violations.check(vfDriver !== undefined, "vf_driver", "must be AUTO, VFIO_PCI or MLX5_VFIO_PCI");
  if (uplink === undefined || vfDriver === undefined) return undefined;
  return { mode: "sriov", uplink, vfCount, vfDriver };
}

function readDatapath(datapath: Datapath, violations: Violations): DatapathSpec | undefined {
  switch (datapath.mode) {
    case DatapathMode.VDPA:
      return readVdpa(datapath, violations);
    case DatapathMode.SRIOV:
      return readSriov(datapath, violations);
    default:
      violations.add("mode", "is required");
      // What else is wrong is told by the rules of the mode that most profiles have.
      readVdpa(datapath, violations);
      return undefined;
  }
}

/** The profile's spec as the model has it; undefined when a violation was added. */
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
  const firmware = spec.firmware && readFirmware(spec.firmware, violations.at("firmware"));
  const bios = spec.bios && readBios(spec.bios, violations.at("bios"));
  const system = spec.system && readSystem(spec.system, violations.at("system"));
  const driver = spec.driver && readDriver(spec.driver, violations.at("driver"));
  const virtualization =
    spec.virtualization && readVirtualization(spec.virtualization, violations.at("virtualization"));
  if (datapath === undefined || !violations.isEmpty()) return undefined;
  return {
    selector: spec.selector,
    datapath,
    ...(driftPolicy === "enforce" && { driftPolicy }),
    ...(firmware !== undefined && { firmware }),
    ...(bios !== undefined && { bios }),
    ...(system !== undefined && { system }),
    ...(driver !== undefined && { driver }),
    ...(virtualization !== undefined && { virtualization }),
  };
}
