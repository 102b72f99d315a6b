import {
  cidrAddress,
  type Finding,
  type ImageFormat,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4ToNumber,
  macToNumber,
  msixVectors,
  type NetworkSpec,
  type NicSpec,
  networkNumber,
  subnetContains,
  type VmSpec,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import { iommuFault } from "../preflight/iommu-fault.ts";

/** What a NIC's intent is held against; leave out what is not known yet. */
export interface NicSurroundings {
  /** Queue pairs of the slot's vDPA device, or the most any slot offers. */
  readonly maxVqp?: number;
  readonly network?: NetworkSpec;
  /** Addresses that hosts' bridges on the network carry. */
  readonly bridgeAddresses?: readonly Ipv4Cidr[];
}

/** What a VM's intent is held against; leave out what is not known yet. */
export interface VmSurroundings {
  readonly iommuGroupCount?: number;
  /** Of the image it boots from. */
  readonly imageFormat?: ImageFormat;
  /** In the order of the VM's NICs. */
  readonly nics?: readonly NicSurroundings[];
}

/** The rules of the cross-layer lint that a single VM can break. */
export const lintVm = (vm: string, spec: VmSpec, around: VmSurroundings): readonly Finding[] => [
  ...spec.nics.flatMap((nic, at) =>
    lintNic(vm, { ...nic, vcpuCount: spec.vcpuCount }, around.nics?.[at] ?? {}),
  ),
  ...iommuOn(vm, around.iommuGroupCount),
  ...wholeHugepages(vm, spec),
  ...editableDisk(vm, spec, around.imageFormat),
];

/** An ISO is read only, and the disk beside it is empty. */
function editableDisk(
  vm: string,
  { boot }: VmSpec,
  format: ImageFormat | undefined,
): readonly Finding[] {
  const isEdited = boot.kind === "image" && boot.guestSetup?.method === "disk-edit";
  if (!isEdited || format !== "iso") return [];
  return [
    errorFinding("LINT_FAILED", {
      message: `${vm} has no disk in which its guest could be set up`,
      found: "an image in format iso",
      needs: "an image in format qcow2 or raw, or a guest that sets itself up",
    }),
  ];
}

function wholeHugepages(vm: string, spec: VmSpec): readonly Finding[] {
  const { memoryBytes, hugepageBytes } = spec;
  if (hugepageBytes === undefined || memoryBytes % hugepageBytes === 0) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: `${vm} has memory that is no whole number of huge pages`,
      found: `${memoryBytes} bytes`,
      needs: `a multiple of ${hugepageBytes}`,
    }),
  ];
}

/** A NIC with what of its VM its rules go by. */
type NicOfVm = Pick<NicSpec, "queuePairs" | "address"> & Pick<VmSpec, "vcpuCount">;

const lintNic = (vm: string, nic: NicOfVm, around: NicSurroundings): readonly Finding[] => [
  ...queuesWithinDevice(vm, nic, around.maxVqp),
  ...queuesWithinVcpus(vm, nic),
  ...(around.network === undefined ? [] : lintNetwork(around.network, around.bridgeAddresses)),
  ...addressUsable(vm, nic, around),
];

function addressUsable(
  vm: string,
  { address }: NicOfVm,
  { network, bridgeAddresses = [] }: NicSurroundings,
): readonly Finding[] {
  if (address === undefined || network === undefined) return [];
  const isBridges =
    network.vlan === undefined && bridgeAddresses.some((each) => cidrAddress(each) === address);
  if (isHostAddress(network.subnet, address) && !isBridges) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: `${vm} asks for an address that it can't carry`,
      found: isBridges ? `${address}, which a host's bridge has` : address,
      needs: `a host address of ${network.subnet} that no bridge has`,
    }),
  ];
}

export function queuesWithinDevice(
  vm: string,
  { queuePairs }: Pick<NicSpec, "queuePairs">,
  maxVqp: number | undefined,
): readonly Finding[] {
  if (maxVqp === undefined || queuePairs <= maxVqp) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: `${vm} asks for more queue pairs than its vDPA device has`,
      found: `${queuePairs} queue pairs (${msixVectors(queuePairs)} vectors)`,
      needs: `max_vqp ${maxVqp} or fewer`,
    }),
  ];
}

export function queuesWithinVcpus(
  vm: string,
  { queuePairs, vcpuCount }: NicOfVm,
): readonly Finding[] {
  if (queuePairs <= vcpuCount) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: `${vm} has fewer vCPUs than queue pairs`,
      found: `${queuePairs} queue pairs, ${vcpuCount} vCPUs`,
      needs: "at most one queue pair per vCPU",
    }),
  ];
}

function iommuOn(vm: string, iommuGroupCount: number | undefined): readonly Finding[] {
  const fault = iommuGroupCount === undefined ? undefined : iommuFault({ iommuGroupCount });
  if (fault === undefined) return [];
  return [
    warningFinding("LINT_FAILED", {
      message: `${vm} would run on a host without an IOMMU`,
      found: fault.found.join("; "),
      needs: "IOMMU on, also for vDPA",
      fix: fault.fix,
    }),
  ];
}

/**
 * Rules on a network's pools, and on the bridge addresses that share its segment: hosts' bridges are in the
 * untagged one.
 */
export function lintNetwork(
  network: NetworkSpec,
  bridgeAddresses: readonly Ipv4Cidr[] = [],
): readonly Finding[] {
  return [
    ...poolWithinSubnet(network),
    ...poolsInOrder(network),
    ...(network.vlan === undefined ? bridgeAddresses : []).flatMap((address) =>
      bridgeOutsidePool(network, address),
    ),
  ];
}

function poolWithinSubnet({ subnet, ipPool }: NetworkSpec): readonly Finding[] {
  const outside = [ipPool.first, ipPool.last].filter((address) => !isHostAddress(subnet, address));
  if (outside.length === 0) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: "the IP pool has addresses that guests can't carry",
      found: outside.join(", "),
      needs: `host addresses of ${subnet}`,
    }),
  ];
}

/** In the subnet, and neither its own nor its broadcast address (both usable from /31 on, RFC 3021). */
function isHostAddress(subnet: Ipv4Cidr, address: Ipv4Address): boolean {
  if (!subnetContains(subnet, address)) return false;
  const prefixLength = Number(subnet.split("/")[1]);
  if (prefixLength >= 31) return true;
  const offset = ipv4ToNumber(address) - networkNumber(subnet);
  return offset > 0 && offset < 2 ** (32 - prefixLength) - 1;
}

function poolsInOrder({ ipPool, macPool }: NetworkSpec): readonly Finding[] {
  const isIpReversed = ipv4ToNumber(ipPool.first) > ipv4ToNumber(ipPool.last);
  const isMacReversed = macToNumber(macPool.first) > macToNumber(macPool.last);
  const reversed = [...(isIpReversed ? [ipPool] : []), ...(isMacReversed ? [macPool] : [])];
  return reversed.map(({ first, last }) =>
    errorFinding("LINT_FAILED", {
      message: "a pool ends before it begins",
      found: `${first} to ${last}`,
      needs: "first at or below last",
    }),
  );
}

export function bridgeOutsidePool({ ipPool }: NetworkSpec, bridge: Ipv4Cidr): readonly Finding[] {
  const value = ipv4ToNumber(cidrAddress(bridge));
  if (value < ipv4ToNumber(ipPool.first) || value > ipv4ToNumber(ipPool.last)) return [];
  return [
    errorFinding("LINT_FAILED", {
      message: "a bridge's address lies in the pool that VMs take theirs from",
      found: `bridge address ${bridge}`,
      needs: `an address outside ${ipPool.first} to ${ipPool.last}`,
    }),
  ];
}
