import {
  type Ipv4Address,
  type Ipv4Cidr,
  type Ipv4Range,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  withPrefix,
} from "@switchyard/model";

export interface Range<Value> {
  readonly first: Value;
  readonly last: Value;
}

/**
 * Lowest number from `first` to `last` that is neither taken nor refused. Looks at no more numbers than
 * are taken, plus one, plus those refused.
 */
function firstFree(range: Range<number>, isTaken: (value: number) => boolean): number | undefined {
  for (let value = range.first; value <= range.last; value += 1) {
    if (!isTaken(value)) return value;
  }
  return undefined;
}

/** Lowest address of the pool that is not taken; undefined when the pool is exhausted. */
export function firstFreeIpv4(
  pool: Range<Ipv4Address>,
  taken: Iterable<Ipv4Address>,
): Ipv4Address | undefined {
  const used = new Set([...taken].map(ipv4ToNumber));
  const range = { first: ipv4ToNumber(pool.first), last: ipv4ToNumber(pool.last) };
  const free = firstFree(range, (value) => used.has(value));
  return free === undefined ? undefined : ipv4FromNumber(free);
}

/** 2^40: the lowest bit of a MAC's first octet, which marks multicast. */
const MULTICAST_BIT = 2 ** 40;

/** Lowest unicast address of the pool that is not taken; undefined when the pool is exhausted. */
export function firstFreeMac(
  pool: Range<MacAddress>,
  taken: Iterable<MacAddress>,
): MacAddress | undefined {
  const used = new Set([...taken].map(macToNumber));
  const last = macToNumber(pool.last);
  let first = macToNumber(pool.first);
  // Each round skips one whole multicast octet, so there are at most 128.
  while (first <= last) {
    const end = Math.min(last, (Math.floor(first / MULTICAST_BIT) + 1) * MULTICAST_BIT - 1);
    const free = firstFree({ first, last: end }, (value) => used.has(value));
    if (free !== undefined) return macFromNumber(free);
    first = end + 1 + MULTICAST_BIT;
  }
  return undefined;
}

/** Lowest free bridge address of a profile's range, with its prefix; undefined when it is exhausted. */
export function firstFreeBridgeAddress(
  range: Ipv4Range,
  taken: Iterable<Ipv4Address>,
): Ipv4Cidr | undefined {
  const free = firstFreeIpv4(range, taken);
  return free === undefined ? undefined : withPrefix(free, range.prefixLength);
}
