import {
  type AddressReservation,
  cidrPrefixLength,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4ToNumber,
  networkNumber,
  parseIpv4Address,
  subnetContains,
} from "@switchyard/model";
import type { AddressReservation as ProtoReservation } from "@switchyard/proto";
import { vmName } from "./names.ts";
import type { Violations } from "./violations.ts";

/** Each placement of a VM looks through them. */
const RESERVATIONS_MAX = 1024;

/** In the subnet, and neither its own nor its broadcast address. */
function checkHostAddress(
  violations: Violations,
  field: string,
  in_: { readonly subnet: Ipv4Cidr; readonly address: Ipv4Address },
): void {
  const { subnet, address } = in_;
  const offset = ipv4ToNumber(address) - networkNumber(subnet);
  const broadcast = 2 ** (32 - cidrPrefixLength(subnet)) - 1;
  const isHost = subnetContains(subnet, address) && offset > 0 && offset < broadcast;
  violations.check(isHost, field, `${address} is no host address of ${subnet}`);
}

function readReservation(
  { address: text, vm: name }: ProtoReservation,
  subnet: Ipv4Cidr | undefined,
  violations: Violations,
): AddressReservation | undefined {
  const address = violations.parse("address", text, parseIpv4Address);
  const vm = name === "" ? undefined : violations.parse("vm", name, vmName.parse);
  if (address === undefined) return undefined;
  if (subnet !== undefined) checkHostAddress(violations, "address", { subnet, address });
  return { address, ...(vm !== undefined && { vm }) };
}

/** Addresses that are kept from the pool; each address and each VM once. */
export function readReservations(
  reservations: readonly ProtoReservation[],
  subnet: Ipv4Cidr | undefined,
  violations: Violations,
): readonly AddressReservation[] {
  const isFew = reservations.length <= RESERVATIONS_MAX;
  violations.check(isFew, "reservations", `has more than ${RESERVATIONS_MAX} entries`);
  const seen = new Set<string>();
  return reservations.slice(0, RESERVATIONS_MAX).flatMap((each, at) => {
    const here = violations.at(`reservations[${at}]`);
    const read = readReservation(each, subnet, here);
    if (read === undefined) return [];
    for (const key of [read.address, ...(read.vm === undefined ? [] : [each.vm])]) {
      here.check(!seen.has(key), key === each.vm ? "vm" : "address", `${key} is there twice`);
      seen.add(key);
    }
    return [read];
  });
}
