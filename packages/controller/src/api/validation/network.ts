import {
  cidrPrefixLength,
  type Ipv4Cidr,
  ipv4FromNumber,
  ipv4ToNumber,
  macToNumber,
  type NetworkSpec,
  networkNumber,
  parseIpv4Address,
  parseIpv4Cidr,
  parseMacAddress,
  subnetContains,
  withPrefix,
} from "@switchyard/model";
import type { AddressPool, NetworkSpec as ProtoNetworkSpec } from "@switchyard/proto";
import { readPortSettings } from "./port-settings.ts";
import { checkBridgeName } from "./profile.ts";
import { readReservations } from "./reservations.ts";
import type { Violations } from "./violations.ts";

const PREFIX_MIN = 8;
const PREFIX_MAX = 30;

/** Most addresses of one pool; a larger one only makes the search for a free address longer. */
const POOL_SIZE_MAX = 65_536;

function readSubnet(text: string, violations: Violations): Ipv4Cidr | undefined {
  const subnet = violations.parse("subnet", text, parseIpv4Cidr);
  if (subnet === undefined) return undefined;
  const length = cidrPrefixLength(subnet);
  const isUsable = length >= PREFIX_MIN && length <= PREFIX_MAX;
  violations.check(isUsable, "subnet", `prefix length must be ${PREFIX_MIN} to ${PREFIX_MAX}`);
  const base = withPrefix(ipv4FromNumber(networkNumber(subnet)), length);
  violations.check(base === subnet, "subnet", `has host bits set; write it as ${base}`);
  return subnet;
}

function checkPool(
  violations: Violations,
  bounds: { readonly first: number; readonly last: number },
): void {
  const size = bounds.last - bounds.first + 1;
  violations.check(size >= 1, "last", "comes before first");
  violations.check(size <= POOL_SIZE_MAX, "last", `pool is larger than ${POOL_SIZE_MAX}`);
}

function readIpPool(
  pool: AddressPool,
  subnet: Ipv4Cidr | undefined,
  violations: Violations,
): NetworkSpec["ipPool"] | undefined {
  const first = violations.parse("first", pool.first, parseIpv4Address);
  const last = violations.parse("last", pool.last, parseIpv4Address);
  if (first === undefined || last === undefined) return undefined;
  checkPool(violations, { first: ipv4ToNumber(first), last: ipv4ToNumber(last) });
  if (subnet !== undefined) {
    violations.check(subnetContains(subnet, first), "first", `${first} is not in ${subnet}`);
    violations.check(subnetContains(subnet, last), "last", `${last} is not in ${subnet}`);
    const base = networkNumber(subnet);
    const broadcast = base + 2 ** (32 - cidrPrefixLength(subnet)) - 1;
    violations.check(ipv4ToNumber(first) !== base, "first", "is the subnet's own address");
    violations.check(ipv4ToNumber(last) !== broadcast, "last", "is the broadcast address");
  }
  return { first, last };
}

function readMacPool(
  pool: AddressPool,
  violations: Violations,
): NetworkSpec["macPool"] | undefined {
  const first = violations.parse("first", pool.first, parseMacAddress);
  const last = violations.parse("last", pool.last, parseMacAddress);
  if (first === undefined || last === undefined) return undefined;
  checkPool(violations, { first: macToNumber(first), last: macToNumber(last) });
  const isOneVendor = first.slice(0, 8) === last.slice(0, 8);
  violations.check(isOneVendor, "last", "must have the same first three octets as first");
  return { first, last };
}

/** What QEMU's own guests have; every MAC is given out once in the fleet, so networks may share a pool. */
const USUAL_MAC_POOL = { first: "52:54:00:00:00:00", last: "52:54:00:00:ff:ff" };

/** The network's spec as the model has it; undefined when a violation was added. */
export function readNetworkSpec(
  spec: ProtoNetworkSpec | undefined,
  violations: Violations,
): NetworkSpec | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  checkBridgeName(spec.bridge, violations, "bridge");
  const subnet = readSubnet(spec.subnet, violations);
  const empty = { first: "", last: "" };
  const ipPool = readIpPool(spec.ipPool ?? empty, subnet, violations.at("ip_pool"));
  const macPool = readMacPool(spec.macPool ?? USUAL_MAC_POOL, violations.at("mac_pool"));
  const settings = readPortSettings(spec, violations);
  const reservations = readReservations(spec.reservations, subnet, violations);
  if (subnet === undefined || ipPool === undefined || macPool === undefined) return undefined;
  return { bridge: spec.bridge, subnet, ipPool, macPool, ...settings, reservations };
}
