import { cidrAddress, type Ipv4Address, type Ipv4Cidr, ipv4ToNumber } from "@switchyard/model";

/** Addresses by number, ascending. */
export type AddressIndex = readonly { readonly number: number; readonly address: Ipv4Cidr }[];

export const indexAddresses = (addresses: readonly Ipv4Cidr[]): AddressIndex =>
  addresses
    .map((address) => ({ number: ipv4ToNumber(cidrAddress(address)), address }))
    .sort((left, right) => left.number - right.number);

/** Those from `first` to `last`, found without looking at the others. */
export function addressesBetween(
  index: AddressIndex,
  first: Ipv4Address,
  last: Ipv4Address,
): readonly Ipv4Cidr[] {
  const from = ipv4ToNumber(first);
  const to = ipv4ToNumber(last);
  let low = 0;
  let high = index.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (index[middle]!.number < from)
      low = middle + 1; // the middle is within
    else high = middle;
  }
  const found: Ipv4Cidr[] = [];
  for (let at = low; at < index.length && index[at]!.number <= to; at += 1) {
    found.push(index[at]!.address); // the condition looked at it
  }
  return found;
}
